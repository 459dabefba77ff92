"""The HTTP side: the application, its errors, its health, and what serves the console."""
