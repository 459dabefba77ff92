"""Analysis (研判): what stands out in the records, with its evidence and how far it may be trusted."""
