"""Who may decide on a proposal."""
