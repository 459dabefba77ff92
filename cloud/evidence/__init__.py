"""Evidence: the acts on cases, items, packages, labels, permits and holds, and what is read of them."""
