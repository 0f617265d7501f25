"""A shop: what it sold, has in stock and is owed, and to whom it sells."""
