"""Plugins of the role `base`."""
