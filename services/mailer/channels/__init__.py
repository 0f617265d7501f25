"""Places that are no mailboxes: a module for each kind, and `sender.py` that knows them all."""
