"""Tests of the verifiers: what is right passes, and nothing fools or harms them."""
