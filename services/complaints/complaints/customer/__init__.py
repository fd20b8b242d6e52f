"""What the customer profile tells: unit, tier, merges and erasure."""
