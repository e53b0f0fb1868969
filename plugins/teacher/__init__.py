"""Plugins of the role `teacher`."""
