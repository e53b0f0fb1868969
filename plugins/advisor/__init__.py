"""Plugins of the role `advisor`."""
