"""Real processes, killed and stopped at random from a printed seed while clients write:
what was acknowledged must be there, once.
"""
