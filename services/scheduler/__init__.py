"""Decides when: claims the moments of schedules that are due and places their orders."""
