"""Tickets (协查单): report, check, reply, evaluate, supervise."""
