"""Plugins of the role `judge`."""
