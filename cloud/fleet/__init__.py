"""The fleet: which agents there are, what each has said so far, and the orders on their way to them."""
