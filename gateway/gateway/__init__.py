"""The front door: tokens, keys, limits, routing to the services,
the composed overview and webhooks to partners.
"""
