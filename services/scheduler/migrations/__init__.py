"""The history of the timetable's tables."""
