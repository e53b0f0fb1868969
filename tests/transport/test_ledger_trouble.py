"""The ledger on a bad day: locked, full, read-only, deleted, damaged, newer. What was paid is kept,
and there is one clear error.
"""

import os
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from meteor.chat.replies import Reply
from meteor.core.errors import MeteorError
from meteor.core.records import Completion
from meteor.report.accounts import export
from meteor.transport.ledger import Ledger
from meteor.transport.ledger_file import FIRST
from tests.conftest import Project
from tests.transport.asking import API, ask
from tests.transport.distilling import prepare, start
from tests.transport.server import Body, ChatServer, serving

WHERE = {"stage": "s", "run": "r", "endpoint": "e", "model": "m"}


def test_a_locked_ledger_makes_no_reply_late() -> None:
    """Locked for longer than a request may take, with all replies on their way."""
    with serving(ChatServer(latency=0.3)) as server:
        api = API.model_copy(update={"timeout": 1.5, "concurrency": 8})
        assert len(ask(server, 8, api)) == 8
        with Ledger() as ledger:
            locking = threading.Thread(target=lock, args=(ledger.path, server, 3.0))
            locking.start()
            assert len(ask(server, 40, api)) == 40
            locking.join()
            assert len(list(export(ledger))) == 40
        assert server.sent.total() == 40 == len(server.sent)


def lock(path: Path, server: ChatServer, seconds: float) -> None:
    while not server.in_flight:
        time.sleep(0.01)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)
        other.execute("COMMIT")


def delete(path: Path) -> None:
    for file in path.parent.glob(path.name + "*"):
        file.unlink()


def halve(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.truncate(path, path.stat().st_size // 2)


def grow_newer(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    "spoil, said",
    [
        (delete, "was deleted or replaced while it was in use"),
        (halve, "the ledger cannot be used"),
        (grow_newer, "version 99 is newer than this program knows"),
    ],
)
def test_a_ledger_spoilt_while_requests_are_under_way(
    spoil: Callable[[Path], None], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = Path(os.environ["METEOR_LEDGER"])
    with serving(ChatServer()) as server:
        assert len(ask(server, 5)) == 5
        server.latency = 0.5

        def spoiled() -> None:
            until(lambda: server.in_flight >= 4)
            spoil(path)

        spoiling = threading.Thread(target=spoiled)
        spoiling.start()
        with pytest.raises(MeteorError, match=said):
            ask(server, 30)
        spoiling.join()
        until(lambda: server.in_flight == 0)
        time.sleep(0.3)
        paid = server.sent.total()
        delete(path)  # what the message asks for; deleted already, in one case

        server.latency = 0.0
        assert all(isinstance(row, Completion) for row in ask(server, 30))
        # The first five went with the ledger; what was paid while it broke is not paid again.
        assert server.sent.total() <= 30 + 5
        assert paid > 5
    assert not list(tmp_path.rglob("meteor-replies-*"))


def until(true: Callable[[], bool]) -> None:
    for _ in range(2000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come true")


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """A small file system of its own; skips where none may be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("nothing may be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_loses_no_reply(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def long(body: Body) -> tuple[str, str]:
        return f"{body['messages'][0]['content']} " * 3000, "stop"

    with (
        mounted(tmp_path / "small", "-o", "size=600k") as small,
        serving(ChatServer(long)) as server,
    ):
        monkeypatch.setenv("METEOR_LEDGER", str(small / "ledger.sqlite"))
        # Whoever writes first says so: who writes replies, or who notes what is about to be sent.
        with pytest.raises(MeteorError, match="disk is full"):
            ask(server, 60)
        paid = server.sent.total()
        assert 0 < paid < 60
        subprocess.run(["mount", "-o", "remount,size=50m", str(small)], check=True)
        assert len(ask(server, 60)) == 60
        assert server.sent.total() == 60 == len(server.sent)


def test_a_read_only_ledger_is_an_error_before_anything_is_paid(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with mounted(tmp_path / "small", "-o", "size=5m") as small, serving(ChatServer()) as server:
        monkeypatch.setenv("METEOR_LEDGER", str(small / "ledger.sqlite"))
        with Ledger() as ledger:
            ledger.put("k", Reply("Yes.", "stop", 1, 1), **WHERE)
        subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
        with pytest.raises(MeteorError, match=r"(readonly|read-only|unable to open)"):
            ask(server, 5)
        assert server.arrived == []


def test_a_read_only_repository_is_one_clear_error(project: Project, tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("no mount of one's own is allowed here")
    with serving(ChatServer()) as server:
        prepare(project, server, 5)
        ledger = tmp_path.parent / f"{tmp_path.name}-ledger.sqlite"
        stage = start(project, ledger)
        command, environment = stage.args, {**os.environ, "METEOR_LEDGER": str(ledger)}
        assert stage.wait() == 0
        asked = len(server.bodies)
        assert isinstance(command, list)
        script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'
        done = subprocess.run(
            ["unshare", "-m", "/bin/sh", "-c", script, str(project.folder), *command],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
        assert "Read-only file system" in done.stderr
        assert len(server.bodies) == asked


def test_a_ledger_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    with sqlite3.connect(path) as db:
        db.executescript(f"{FIRST} PRAGMA user_version = 1;")
        row = ("k", 1.0, "s", "r", "e", "m", "Yes.", "stop", 1, 2, 3, 0.5, 0.25, "{}")
        db.execute(f"INSERT INTO replies VALUES ({','.join('?' * len(row))})", row)
    with Ledger(path) as ledger:
        assert ledger.get("k") == Reply("Yes.", "stop", 1, 2, 3, 0.5, 0.25, "{}")
        assert ledger.spent("r") == 0.25
    with Ledger(path) as ledger:
        assert ledger.get("k")
