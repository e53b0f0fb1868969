"""Whole pipelines and single stages, run as commands in a project of their own."""
