"""A server that somebody else wrote: `transformers serve`, with a small model behind all roles."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from meteor.core.jsonl import read_records
from meteor.core.records import Distilled, Guideline, Question
from meteor.report.accounts import export
from meteor.transport.ledger import Ledger
from tests.conftest import Project
from tests.transport.distilling import write


@pytest.fixture
def sampling_checkpoint(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model, told to sample: the server leaves that to the checkpoint, and the greedy
    answer of a random model is line breaks.
    """
    folder = tmp_path_factory.mktemp("sampling") / "checkpoint"
    shutil.copytree(tiny_checkpoint, folder)
    file = folder / "generation_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "do_sample": True}))
    return folder


@pytest.fixture
def served(sampling_checkpoint: Path, tmp_path: Path) -> Iterator[str]:
    """The base URL of a running server with the tiny model."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "transformers.cli.transformers",
        "serve",
        str(sampling_checkpoint),
    ]
    command += ["--device", "cpu", "--host", "127.0.0.1", "--port", str(port)]
    log = tmp_path / "serve.log"
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ})
    try:
        until = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2)
                break
            except OSError:
                assert process.poll() is None, log.read_text()[-2000:]
                assert time.monotonic() < until, log.read_text()[-2000:]
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(20)


def test_guideline_distill_and_judge_through_transformers_serve(
    served: str, sampling_checkpoint: Path, project: Project
) -> None:
    """The model is random, so that its verdicts cannot be read; every one is a failed row that
    says so, after the reply was sent back once with the error named.
    """
    hot = {"strategy": "sample", "temperature": 5.0, "top_p": 1.0, "max_new_tokens": 24}
    way = {"base_url": served, "model": str(sampling_checkpoint)}
    project.set(
        {
            "max_failed_fraction": 1.0,
            "api": {"concurrency": 4, "timeout": 60},
            "guideline.decoding": hot,
            "answer.decoding": hot,
        }
    )
    for role, more in (
        ("student", {"own_fields": False}),
        ("teacher", {"max_tokens": 24, "temperature": 5.0, "allow_truncated": True}),
        ("judge", {"max_tokens": 24, "max_repairs": 1}),
    ):
        project.set({f"{role}.plugin": "chat_api", f"{role}.chat_api": {**way, **more}})
    plain = {"strategy": "greedy"}  # an endpoint knows no beams
    project.set({"pairs.chosen": plain, "pairs.rejected": plain, "explore.strategies": {}})
    data = project.folder / "data"
    questions = [
        Question(id=f"q{n}", title=f"What is {n}?", category="ml", answer="It is a number.")
        for n in range(4)
    ]
    data.mkdir(exist_ok=True)
    write(data / "q.jsonl", [question.model_dump_json() for question in questions])

    def stage(stage: str, **paths: str) -> None:
        arguments = [word for key, value in paths.items() for word in (f"--{key}", value)]
        project.run(sys.executable, "-m", f"stages.{stage}", *arguments)

    guidelines, distilled, answers = "data/g.jsonl", "data/d.jsonl", "data/a.jsonl"
    base = str(sampling_checkpoint)
    stage("guideline", questions="data/q.jsonl", checkpoint=base, out=guidelines, summary="g.json")
    said = (project.folder / "g.json").read_text()
    assert len(list(read_records(project.folder / guidelines, Guideline))) >= 3, said
    stage(
        "distill",
        questions="data/q.jsonl",
        guidelines=guidelines,
        out=distilled,
        summary="d.json",
    )
    assert len(list(read_records(project.folder / distilled, Distilled))) >= 3
    stage(
        "answer",
        questions="data/q.jsonl",
        checkpoint=base,
        name="base",
        out=answers,
        summary="a.json",
    )
    stage("judge", answers=answers, name="base", out="data/j.jsonl", summary="j.json")
    summary = (project.folder / "j.json").read_text()
    assert "no verdict in the last reply" in summary
    with Ledger() as ledger:
        rows = list(export(ledger))
    stages = [row["stage"] for row in rows]
    assert {stages.count(name) for name in ("guideline", "distill", "answer@base")} == {4}
    assert stages.count("judge@base") == 8
    assert all(row["prompt_tokens"] > 0 and row["completion_tokens"] > 0 for row in rows)
