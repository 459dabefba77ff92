"""People and machines that sign in: accounts, sessions, tokens, and who may do what."""
