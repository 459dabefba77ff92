"""Whether a warehouse is built and kept as the rule book asks (J8)."""
