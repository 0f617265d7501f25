"""What is shown of the rows of the records."""
