"""`make demo`: real flights, a real broker and the four services, until the letters have arrived and were checked."""
