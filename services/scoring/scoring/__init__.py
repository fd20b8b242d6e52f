"""The scoring service:
transactions, value scores, the customer pyramid, star tiers and survey answers.
"""
