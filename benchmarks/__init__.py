"""Measurements: ratios within one run, not asserted in tests."""
