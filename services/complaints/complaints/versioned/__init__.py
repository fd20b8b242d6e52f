"""Documents that people name and of which every version is kept:
what was reckoned by one can be reckoned again.
"""
