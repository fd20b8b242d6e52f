"""Everything on one machine:
PostgreSQL, the four services and the gateway, started and stopped together.
"""
