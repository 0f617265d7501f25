"""What columns hold: kinds of values, how Arrow carries them exactly, and how they read as text."""
