"""Arrays in, values out: what is to be seen in a picture. No clock, no files, no state."""
