"""Complaints: the eight steps of a case under business-time clocks,
its letters and its approvals.
"""
