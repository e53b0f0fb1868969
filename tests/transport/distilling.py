"""A project that is ready for the stage distill, and the stage as a process."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from meteor.core.records import Guideline, Question
from tests.conftest import Project
from tests.transport.server import ChatServer


def prepare(project: Project, server: ChatServer, rows: int) -> None:
    """Questions with guidelines, and a teacher at the server."""
    project.set(
        {
            "teacher.plugin": "chat_api",
            "teacher.chat_api": {"base_url": server.url, "model": "strong"},
            "api": {"concurrency": 64, "timeout": 3, "max_retries": 8},
            "max_failed_fraction": 0.05,
        }
    )
    data = project.folder / "data"
    for name in ("raw", "guidelines", "distilled"):
        (data / name).mkdir(parents=True)
    questions = [
        Question(id=f"q{n:04}", title=f"What is concept {n}?", body="Body. " * 20, category="ml")
        for n in range(rows)
    ]
    write(data / "raw/train.jsonl", [q.model_dump_json() for q in questions])
    guidelines = [Guideline(id=q.id, text=f"Say {q.id}.", finish_reason="stop") for q in questions]
    write(data / "guidelines/train.jsonl", [g.model_dump_json() for g in guidelines])


def write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(line + "\n" for line in lines))


def start(project: Project, ledger: Path) -> "subprocess.Popen[str]":
    """Start the stage as a process."""
    data = project.folder / "data"
    command = [sys.executable, "-m", "stages.distill"]
    for name, path in (
        ("questions", data / "raw/train.jsonl"),
        ("guidelines", data / "guidelines/train.jsonl"),
        ("out", data / "distilled/train.jsonl"),
        ("summary", project.folder / "summary.json"),
    ):
        command += [f"--{name}", str(path)]
    environment = {**os.environ, "METEOR_LEDGER": str(ledger)}
    return subprocess.Popen(
        command, cwd=project.folder, env=environment, stderr=subprocess.PIPE, text=True
    )
