"""Plugins of the role `pairwise`."""
