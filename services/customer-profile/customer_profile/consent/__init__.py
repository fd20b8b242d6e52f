"""What a customer agreed to, and whether they may be contacted now."""
