"""Maintained statistics of what each customer bought, per currency."""
