"""schemathesis with all checks against a running gateway,
as two clients that must not see each other's things.
"""
