"""Live view: who looks through which camera now. Each look is an entry, because it is surveillance of people."""
