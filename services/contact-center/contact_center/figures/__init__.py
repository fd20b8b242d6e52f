"""Figures: how a queue is doing right now, and what it answered."""
