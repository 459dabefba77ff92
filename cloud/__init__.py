"""The cloud: facts in, orders out, the ledger, the console."""
