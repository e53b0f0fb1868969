"""Each test of what is asked and read has a ledger, a stage and a run of its own."""

from tests.transport.conftest import own_ledger

__all__ = ["own_ledger"]
