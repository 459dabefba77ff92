"""What is wrong with this agent's machine, told to a person on a ladder: one line each, and what to do next."""
