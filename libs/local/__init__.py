"""Pressroom on one machine: a private broker, a private PostgreSQL for tests, and a supervisor over all processes."""
