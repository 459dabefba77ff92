"""The ledgers: one log a site, RFC 6962, only ever appended to."""
