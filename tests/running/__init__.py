"""Tests of what carries a stage: names of processes, locks."""
