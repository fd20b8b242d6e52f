"""Agents: what they can, whether they are there, and what they are at."""
