"""Scores of one customer: how they are made, explained and kept in step with new orders."""
