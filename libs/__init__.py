"""What the four services share; nothing in here imports a service."""
