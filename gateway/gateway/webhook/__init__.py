"""Webhooks to partners."""
