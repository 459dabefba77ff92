"""What crosses the gap between warehouse and cloud."""
