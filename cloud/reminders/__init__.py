"""Reminders: what will be due, who is told of it before, by which way, and whether it was read."""
