"""Customer profile: who the customers are, what they said and did,
and when they may be contacted.
"""
