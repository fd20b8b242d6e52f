"""Answers of customers to surveys."""
