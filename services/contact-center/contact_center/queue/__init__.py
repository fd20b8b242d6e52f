"""Queues: what they need of agents, and how they are doing."""
