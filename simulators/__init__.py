"""A whole warehouse in one process, and the demo."""
