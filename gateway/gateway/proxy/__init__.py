"""Passing requests on to the services."""
