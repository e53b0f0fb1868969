"""Tests of the core, and of the plugins that need no training."""
