"""Each test of the client has a ledger, a stage and a run of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from meteor.running.context import Context, working
from meteor.transport import budget, client, recording


@pytest.fixture(autouse=True)
def own_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "ledger" / "ledger.sqlite"
    monkeypatch.setenv("METEOR_LEDGER", str(path))
    monkeypatch.setenv("METEOR_RUN", "test")
    monkeypatch.setattr(budget, "_stages", {})
    monkeypatch.setattr(client, "_limits", {})
    monkeypatch.setattr(client, "_dialects", {})
    with working(Context("distill")):
        yield path
    recording.forget()
