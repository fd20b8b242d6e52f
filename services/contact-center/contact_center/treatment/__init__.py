"""Tier treatments: who goes before whom, and for how long."""
