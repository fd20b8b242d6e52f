"""Runs over all customers: calibrate the models, score everybody."""
