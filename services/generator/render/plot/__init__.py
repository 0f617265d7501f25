"""What charts have in common, however they are drawn: scales, colours, shares."""
