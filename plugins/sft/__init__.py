"""Plugins of the role `sft`."""
