"""A stage on the worst of days: `python -m benchmarks.bad_day [ROWS]` from the project's root.

A teacher at a real HTTP server, over which refusals, dropped and hanging connections, broken JSON,
empty replies, accounts that tell nothing and halves of characters are mixed, answers 2,000 rows of
the stage distill. Meanwhile the stage is killed ten times, twice the boot seems to move by a minute
(as after a step of the clock, where mounts are allowed), the ledger is locked once for 60 seconds,
and a budget of the run ends it in the middle and is raised. Printed is what was paid and repeated.
"""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from meteor.report.accounts import wasted
from meteor.transport.ledger import Ledger
from tests.conftest import Project
from tests.transport.dialects import content
from tests.transport.distilling import prepare
from tests.transport.server import Body, ChatServer, Outcome, fraction, refusals, serving

KILLS, LOCKED, LATENCY = 10, 60.0, 0.05
PRICE = {"strong": {"input": 100.0, "output": 1000.0, "date": "2026-01-01"}}
STEP = """
import os, re, subprocess, sys
stat = open("/proc/stat").read()
fake = sys.argv[1]
open(fake, "w").write(re.sub(r"btime (\\d+)", lambda b: f"btime {int(b[1]) + 60}", stat))
subprocess.run(["mount", "--bind", fake, "/proc/stat"], check=True)
os.execvp(sys.argv[2], sys.argv[2:])
"""


def mixed(number: str, attempt: int, body: Body) -> Outcome | None:
    """Faults that heal, and replies that are odd and whole."""
    if found := refusals(number, attempt, body):
        return found
    draw = fraction(number, attempt, "odd")
    if draw < 0.03:
        return Outcome(200, content(""))
    if draw < 0.05:
        return Outcome(200, {"error": {"message": "Provider returned error", "code": 502}})
    return None


def main() -> None:
    """Run the day, and print what came of it."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with tempfile.TemporaryDirectory() as folder, serving(ChatServer(fault=mixed)) as server:
        server.latency = LATENCY
        project, ledger = Project(Path(folder) / "project"), Path(folder) / "ledger.sqlite"
        prepare(project, server, rows)
        limit = rows * 0.02
        project.set({"api.prices": PRICE, "api.max_cost": {"run": limit, "stage": None}})
        project.set({"teacher.chat_api.max_tokens": 60})
        start = time.monotonic()
        for kill in range(KILLS):
            kill_after(begin(project, ledger, stepped=kill in (3, 6)), server, rows // 40)
            if kill == 4:
                lock(ledger)
        code, said = ended(begin(project, ledger))
        with Ledger(ledger) as book:
            spent = book.spent("bad day")
        print(f"budget of the run: {spent:.4f} of {limit:.4f} paid, exit code {code}: {said[:90]}")
        project.set({"api.max_cost.run": None})
        code, said = ended(begin(project, ledger))
        seconds = time.monotonic() - start
        report(project, ledger, server, rows, code, said)
        print(f"{seconds:.0f} s in all, {LOCKED:.0f} of them with a locked ledger")


def begin(project: Project, ledger: Path, stepped: bool = False) -> "subprocess.Popen[str]":
    """Start the stage, with the clock a minute further where that can be shown to it."""
    data = project.folder / "data"
    command = [sys.executable, "-m", "stages.distill"]
    for name, path in (
        ("questions", data / "raw/train.jsonl"),
        ("guidelines", data / "guidelines/train.jsonl"),
        ("out", data / "distilled/train.jsonl"),
        ("summary", project.folder / "summary.json"),
    ):
        command += [f"--{name}", str(path)]
    mounts = not subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode
    if stepped and mounts:
        fake = str(project.folder / "stat")
        command = ["unshare", "-m", sys.executable, "-c", STEP, fake, *command]
    environment = {**os.environ, "METEOR_LEDGER": str(ledger), "METEOR_RUN": "bad day"}
    return subprocess.Popen(
        command, cwd=project.folder, env=environment, stderr=subprocess.PIPE, text=True
    )


def kill_after(stage: "subprocess.Popen[str]", server: ChatServer, replies: int) -> None:
    """Kill the stage when so many more replies were sent."""
    until = server.sent.total() + replies
    while server.sent.total() < until and stage.poll() is None:
        time.sleep(0.003)
    stage.kill()
    stage.communicate()


def lock(ledger: Path) -> None:
    """Lock the ledger while the next stage begins."""

    def hold() -> None:
        with contextlib.closing(sqlite3.connect(ledger, isolation_level=None, timeout=60)) as other:
            other.execute("BEGIN EXCLUSIVE")
            time.sleep(LOCKED)
            other.execute("COMMIT")

    threading.Thread(target=hold, daemon=True).start()


def ended(stage: "subprocess.Popen[str]") -> tuple[int, str]:
    """The exit code, and the last thing that was said."""
    said = stage.communicate()[1].strip().splitlines()
    return stage.returncode, next((line for line in reversed(said) if "error" in line), "")


def report(
    project: Project, ledger: Path, server: ChatServer, rows: int, code: int, said: str
) -> None:
    """Print the accounts."""
    summary = json.loads((project.folder / "summary.json").read_text()) if code == 0 else {}
    repeated = sum(times - 1 for times in server.sent.values())
    with Ledger(ledger) as book:
        spent, (calls, cost) = book.spent("bad day"), wasted(book)
        kept = book.db.execute("SELECT COUNT(*) FROM replies").fetchone()[0]
        left = book.db.execute("SELECT COUNT(*) FROM claims").fetchone()[0]
    print(f"{rows} rows, exit code {code} {said}: {summary.get('rows')}")
    print(f"{server.attempts.total()} requests came, {server.sent.total()} were answered whole")
    print(f"{repeated} finished requests were repeated; {kept} replies kept, {left} claims left")
    print(f"paid {spent:.4f}, of that {cost:.4f} at most for {calls} calls without an answer")


if __name__ == "__main__":
    main()
