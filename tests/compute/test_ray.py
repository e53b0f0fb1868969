"""A real Ray cluster on this machine: the bytes of the local run, whoever writes, judges and dies.
All in one file, so that one cluster and its workers, which have loaded torch, serve every test.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from meteor.compute.parcels import packed
from meteor.compute.spreading import Place, check_room, computing, spread, there
from meteor.core.domain import PLAIN
from meteor.core.errors import MeteorError, SettingsError
from meteor.core.jsonl import write_records
from meteor.core.params import Params, load_params
from meteor.core.records import Example, Failed, Likelihood, Question
from meteor.core.settings import Compute, Decoding
from meteor.generation import decoding as generation
from meteor.generation.decoding import GenerationSettings, generate
from meteor.generation.scoring import score
from meteor.prompts import wording
from meteor.running.stage import Stage
from meteor.verification import similarity
from tests.compute import writers
from tests.compute.judged import SHIPPED, anew, said
from tests.compute.writers import on_ray
from tests.conftest import Project

ray = pytest.importorskip("ray", reason="ray is not installed: requirements/test.lock has it")
pytestmark = pytest.mark.slow

ASKED = [
    wording.answer(PLAIN)(Question(id=f"q{number}", title=f"What is {'very ' * number}deep?"))
    for number in range(8)
]
HOW = GenerationSettings(dtype="float32", device="cpu")
SAMPLE = Decoding(strategy="sample", max_new_tokens=16)


def by_id(rows: Iterator[Any]) -> dict[str, str]:
    return {row.id: row.model_dump_json() for row in rows}


def write(checkpoint: Path, decoding: Decoding, batch_size: int = 6) -> dict[str, str]:
    how = HOW.model_copy(update={"batch_size": batch_size})
    rows = by_id(generate(ASKED, checkpoint, decoding, how, 7))
    assert len(rows) == len(ASKED)
    return rows


def weighed(examples: list[Example], checkpoint: Path) -> dict[str, float]:
    rows = score(examples, checkpoint, HOW)
    return {row.id: row.nll for row in rows if isinstance(row, Likelihood)}


@pytest.mark.parametrize("strategy", ["greedy", "sample", "beam", "best_of", "mbr"])
def test_texts_are_those_of_the_local_run(address: str, lively: Path, strategy: str) -> None:
    how = Decoding.model_validate(
        {"strategy": strategy, "max_new_tokens": 16, "num_beams": 3, "samples": 3}
    )
    local = write(lively, how)
    assert len({json.loads(row)["text"] for row in local.values()}) > 4
    for workers in (1, 2):
        with on_ray(workers=workers):
            assert write(lively, how) == local


def test_likelihoods_are_those_of_the_local_run(address: str, lively: Path) -> None:
    examples = [Example(id=p.id, prompt=p, answer=f"It is {p.id}.") for p in ASKED]
    examples[3] = examples[3].model_copy(update={"answer": "It learns. " * 400})
    local = by_id(score(examples, lively, HOW))
    for workers in (1, 2):
        with on_ray(workers=workers):
            rows = list(score(examples, lively, HOW))
            assert by_id(iter(rows)) == local
            assert [row.id for row in rows if isinstance(row, Failed)] == ["q3"]


def test_workers_work_side_by_side_and_load_once(address: str, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    book = tmp_path / "book"
    place = Place(Compute(engine="ray", workers=2), lambda up, of: told.append((up, of)))
    with computing(place):
        rows = list(spread(writers.Meeting(book, 2), [tmp_path], list(range(6))))
    assert sorted(job for job, _ in rows) == list(range(6))
    assert os.getpid() not in {process for _, process in rows}
    loaded = [line for line in writers.lines(book) if line.startswith("loaded")]
    assert len(loaded) == len(set(loaded)) == len({process for _, process in rows}) == 2
    assert told == [(0, 2), (1, 2), (2, 2), (0, 0)]


def test_a_killed_worker_costs_its_batch_and_changes_nothing(
    address: str, lively: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = write(lively, SAMPLE, batch_size=2)
    copy = Path(shutil.copytree(lively, tmp_path / "copy"))
    monkeypatch.setattr(generation, "Writer", writers.Mortal)
    with on_ray(workers=2):
        assert write(copy, SAMPLE, batch_size=2) == local
    written = writers.lines(copy / writers.BOOK)
    assert len(written) == 5
    (again,) = {name for name in written if written.count(name) > 1}
    assert writers.MORTAL in again.split("+")


def test_verdicts_are_those_of_the_local_run_by_workers_who_embed(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judge and advisor `reference`."""
    monkeypatch.setattr(similarity, "A_JOB", 3)
    local = anew(tmp_path / "local", monkeypatch)
    assert len(local) == 15 and similarity._loaded.cache_info().currsize == 1
    places: Sequence[dict[str, Any]] = (
        {"workers": 1},
        {"workers": 2},
        {"workers": 2, "checkpoint": "object_store"},
    )
    for number, where in enumerate(places):
        similarity._loaded.cache_clear()
        with on_ray(**where):
            assert anew(tmp_path / str(number), monkeypatch) == local
        assert similarity._loaded.cache_info().currsize == 0, "this process has loaded nothing"


def test_what_was_embedded_before_needs_no_worker(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = anew(tmp_path / "local", monkeypatch)
    with on_ray(workers=7):  # there is no room for them
        assert said() == local


def test_a_batch_that_kills_every_worker_ends_the_work(address: str, tmp_path: Path) -> None:
    with on_ray(workers=2), pytest.raises(MeteorError, match="3 workers died of one batch"):
        list(spread(writers.Doomed(), [tmp_path], [0]))


def test_an_error_of_the_work_comes_as_it_was_raised(address: str, tmp_path: Path) -> None:
    with on_ray(workers=1), pytest.raises(MeteorError, match=r"^no way to do job 5$"):
        list(spread(writers.Doomed(wrong=True), [tmp_path], [5]))
    gone = tmp_path / "gone"
    with on_ray(workers=1), pytest.raises(MeteorError, match=r"gone: is not on the node .*shared?"):
        list(spread(writers.Doomed(), [gone], [5]))


def test_a_function_is_asked_in_a_workers_process(address: str) -> None:
    with on_ray(workers=1):
        assert there(os.getpid) != os.getpid()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"gpus": 1}, "workers: 1, cpus: 1, gpus: 1 .*room for 0 .*: 6 CPUs, 0 GPUs"),
        ({"workers": 7}, "workers: 7, .*room for 6 of them"),
        ({"workers": 3, "cpus": 3}, "workers: 3, .*room for 2 of them"),
    ],
)
def test_what_the_cluster_has_not_got_is_an_error_before_any_work(
    address: str, asked: dict[str, Any], message: str
) -> None:
    compute = Compute(engine="ray", **asked)
    params = load_params().model_copy(update={"compute": compute})
    with pytest.raises(SettingsError, match=f"(?s)params.yaml: compute: {message}"):
        Stage("answer@base", params).load("student")
    check_room(Compute(engine="ray", workers=6))


@pytest.mark.parametrize(
    ("role", "section"),
    [
        ("advisor", {"plugin": "reference", "reference": {}}),
        ("judge", {"plugin": "reference", "reference": {}}),
        (
            "judge",
            {"plugin": "jury", "jury": {"judges": {key: {"plugin": "reference"} for key in "ab"}}},
        ),
    ],
    ids=["advisor", "judge", "in a jury"],
)
def test_a_demand_that_cannot_be_met_is_refused_before_any_work(
    address: str, role: str, section: dict[str, Any]
) -> None:
    compute = Compute(engine="ray", workers=7)
    params = Params.model_validate({**SHIPPED, role: section})
    with pytest.raises(SettingsError, match="room for 6 of them"):
        Stage("a stage", params.model_copy(update={"compute": compute})).load(role)


def test_checkpoints_travel_and_those_that_nobody_uses_go(
    address: str, lively: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    examples = [Example(id=p.id, prompt=p, answer="It is.") for p in ASKED]
    unpacked = []
    for checkpoint in (lively, tiny_checkpoint):
        local = weighed(examples, checkpoint)
        with on_ray(workers=1, cpus=2, checkpoint="object_store"):
            assert there(os.getenv, "OMP_NUM_THREADS") == "2"
            assert weighed(examples, checkpoint) == pytest.approx(local)  # by other threads
            content = packed((checkpoint,)).content
        unpacked.append(Path(tempfile.gettempdir()) / f"meteor-{os.getuid()}" / content)
        for file in checkpoint.iterdir():
            assert (unpacked[-1] / checkpoint.name / file.name).read_bytes() == file.read_bytes()
    assert [folder.exists() for folder in unpacked] == [False, True]
    written = unpacked[-1].stat().st_mtime_ns
    with on_ray(workers=2, cpus=2, checkpoint="object_store"):
        rows = list(spread(writers.Meeting(tmp_path / "book", 2), [tiny_checkpoint], [0, 1]))
    assert len(rows) == 2 and unpacked[-1].stat().st_mtime_ns == written, "once a node"


def test_a_killed_driver_goes_on_from_its_rows(
    address: str, lively: Path, project: Project
) -> None:
    """One row that was kept is marked here, to see that it is taken and not written again."""
    shutil.copytree(lively, project.folder / "models/base")
    rows = [
        Question(id=row["id"], title=row["title"], body=row["question_content"])
        for row in project.questions(12)
    ]
    write_records(project.folder / "data/raw/train.jsonl", rows)
    project.set(
        {
            "student.transformers": {"dtype": "float32", "device": "cpu", "batch_size": 1},
            "guideline.decoding": {"strategy": "sample", "max_new_tokens": 200, "top_k": 0},
            "compute": {"engine": "ray", "address": address, "workers": 2},
        }
    )
    command = guideline("killed")
    process = subprocess.Popen([sys.executable, *command], cwd=project.folder)
    kept: list[Path] = []
    while process.poll() is None and not (kept and len(writers.lines(kept[0])) > 2):
        time.sleep(0.02)
        kept = list(project.folder.glob(".meteor/rows/guideline/*"))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.returncode == -signal.SIGKILL
    (file,) = kept
    first, *rest = writers.lines(file)
    assert len(rest) < len(rows) - 2
    marked = json.loads(first) | {"text": "Kept from before."}
    file.write_text("\n".join([json.dumps(marked), *rest]) + "\n")
    project.run("python", *guideline("again"))
    project.set({"compute": {"engine": "local"}})
    project.run("python", *guideline("local"))
    again, local = (
        [json.loads(line) for line in writers.lines(project.folder / f"{name}.jsonl")]
        for name in ("again", "local")
    )
    (different,) = [old for old, new in zip(local, again, strict=True) if old != new]
    assert different["id"] == marked["id"]
    assert "Kept from before." in [row["text"] for row in again]


def guideline(name: str) -> list[str]:
    """The command of the stage, with outs of this name."""
    paths = {
        "questions": "data/raw/train.jsonl",
        "checkpoint": "models/base",
        "out": f"{name}.jsonl",
        "summary": f"{name}.json",
    }
    options = [part for key, path in paths.items() for part in (f"--{key}", path)]
    return ["-m", "stages.guideline", *options]
