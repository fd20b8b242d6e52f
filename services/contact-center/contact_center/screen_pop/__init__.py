"""The screen pop: what the agent sees of who is calling."""
