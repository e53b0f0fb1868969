"""Plugins of the role `source`."""
