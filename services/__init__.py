"""The four services. They meet on the broker and never import each other."""
