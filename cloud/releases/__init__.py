"""Releases of the program: brought up, approved by two people, rolled out to agents, and what became of each."""
