"""What this service asks of its neighbors, one thin client each."""
