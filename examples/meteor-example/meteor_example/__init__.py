"""Plugins for METEOR: a teacher and a judge."""
