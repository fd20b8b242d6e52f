"""Service-level policies: which clocks run for which case, and who is told when one runs late."""
