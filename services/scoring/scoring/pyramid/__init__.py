"""The customer pyramid: how much of the profit comes from how few."""
