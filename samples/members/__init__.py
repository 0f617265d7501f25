"""A small quiz club: reminders for members who were away, and a personal report of every month."""
