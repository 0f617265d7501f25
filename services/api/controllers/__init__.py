"""The routes. Edges are thin: decode, call the verb in one transaction, show the result."""
