"""Measures Pressroom against what its users would run instead; docs/benchmarks.md has the figures."""
