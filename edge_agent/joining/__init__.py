"""Joining from the device's side: its keys, its claim, its certificate and the next one."""
