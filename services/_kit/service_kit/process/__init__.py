"""What one process has: settings, secrets, logs, metrics, traces, addresses, scratch files."""
