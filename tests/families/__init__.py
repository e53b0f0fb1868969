"""Tests of model families: tiny checkpoints with real architectures, tokens and templates."""
