"""Batch mode, killed at each request to the endpoint: each row is paid once, and none is left."""

import time
from pathlib import Path

import pytest

from meteor.transport.ledger import Ledger
from meteor.transport.noted_batches import batches
from tests.conftest import Project
from tests.transport.batches import BatchServer
from tests.transport.distilling import prepare, start
from tests.transport.server import Outcome, serving

ROWS = 12
STEPS = 6
"""Requests to be killed at: upload, making, looks and results."""


class Watched(BatchServer):
    """Tells when so many requests have come, and answers them a little later."""

    def __init__(self) -> None:
        super().__init__(moment=0.3)
        self.seen: list[str] = []

    def route(self, method: str, path: str, headers: dict[str, str], content: bytes) -> Outcome:
        self.seen.append(f"{method} {path.split('?')[0]}")
        return super().route(method, path, headers, content)


def killed(project: Project, ledger: Path, server: Watched, step: int) -> None:
    stage = start(project, ledger)
    while len(server.seen) < step and stage.poll() is None:
        time.sleep(0.001)
    stage.kill()
    stage.communicate()


@pytest.mark.slow
def test_killed_between_all_steps_of_a_batch(project: Project, tmp_path: Path) -> None:
    written = set()
    for step in range(1, STEPS + 1):
        ledger = tmp_path / f"{step}.sqlite"
        with serving(Watched()) as server:
            if step == 1:
                prepare(project, server, ROWS)
                project.set({"teacher.chat_api.mode": "batch", "api.batch_poll": 0.05})
            project.set({"teacher.chat_api.base_url": server.url})
            killed(project, ledger, server, step)
            stage = start(project, ledger)
            said = stage.communicate()[1]
            assert stage.returncode == 0, said
            # Killed between the upload and its note, the file is uploaded anew: that costs nothing.
            assert server.paid.total() == ROWS == len(server.paid), server.seen
            written.add((project.folder / "data/distilled/train.jsonl").read_bytes())
            with Ledger(ledger) as book:
                assert batches(book, server.url) == []
                assert book.db.execute("SELECT COUNT(*) FROM claims").fetchone() == (0,)
                assert book.db.execute("SELECT COUNT(*) FROM reserved").fetchone() == (0,)
        assert not list(project.folder.rglob("*.partial"))
    assert len(written) == 1
