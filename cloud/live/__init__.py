"""What happens, as it happens: one listener a process, many screens."""
