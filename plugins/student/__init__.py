"""Plugins of the role `student`."""
