"""Dead letters as a product: collected from the broker, explained, and replayed or discarded by a person."""
