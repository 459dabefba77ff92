"""Association (关联): what belongs together, from any entry of the ledger and any thing; and cases like a case."""
