"""A customer as the neighbors tell of it:
what their news change in the directory, its dedicated agent and its contacts.
"""
