"""The merged contract and its page."""
