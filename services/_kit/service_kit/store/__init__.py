"""What is kept: connections, transactions, statements, events and audit rows,
migrations, leases.
"""
