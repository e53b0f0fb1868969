"""Plugins of the role `observer`."""
