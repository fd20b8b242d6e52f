"""Which customers there are and in which unit, learned from the customer file's news."""
