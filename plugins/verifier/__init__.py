"""Plugins of the role `verifier`."""
