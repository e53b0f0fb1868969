"""A stage accounts for every row, and ends with a clear line and the exit code of its kind."""

import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import MeteorError
from meteor.core.jsonl import write_records
from meteor.core.records import Failed, Guideline, Question
from meteor.running.tally import Tally
from tests.conftest import Project


def failed(number: int) -> Failed:
    return Failed(id=f"q{number}", error=f"reason {number}")


def test_what_became_of_each_row_is_written_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    count = Tally("distill", allowed=0.3, rows_in=10, rows_out=5)
    count.reject("q7", "no guideline")
    count.drop("longer than the window", 2)
    count.drop("of no kind", 0)
    count.fail(failed(8))
    count.fail(failed(9))
    count.close(tmp_path / "summary.json", steps=3)
    assert json.loads((tmp_path / "summary.json").read_text()) == {
        "rows": {"in": 10, "out": 5, "rejected": 3, "failed": 2},
        "rejected": {"longer than the window": 2, "no guideline": 1},
        "failed": [
            {"id": "q8", "error": "reason 8"},
            {"id": "q9", "error": "reason 9"},
        ],
        "steps": 3,
    }
    assert "distill: 10 rows in = 5 out + 3 rejected + 2 failed" in caplog.messages
    assert "rejected q7: no guideline" in caplog.messages
    assert "failed q8: reason 8" in caplog.messages


@pytest.mark.parametrize("rows_out", [2, 4, 0])
def test_a_row_that_vanished_or_came_from_nowhere_is_an_error(
    tmp_path: Path, rows_out: int
) -> None:
    count = Tally("answer@sft", allowed=1.0, rows_in=4, rows_out=rows_out)
    count.fail(failed(1))
    with pytest.raises(MeteorError, match=rf"answer@sft: 4 rows in, {rows_out + 1} accounted for"):
        count.close(tmp_path / "summary.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("failures", "rows", "allowed", "fine"),
    [
        (0, 10, 0.0, True),
        (1, 10, 0.0, False),
        (1, 10, 0.1, True),
        (2, 10, 0.1, False),
        (29, 100, 0.29, True),  # 0.29 * 100 is a little less than 29
        (30, 100, 0.29, False),
        (10, 10, 1.0, True),
        (0, 0, 0.0, True),
    ],
)
def test_more_failures_than_allowed_end_the_stage(
    tmp_path: Path, failures: int, rows: int, allowed: float, fine: bool
) -> None:
    count = Tally("judge@sft", allowed, rows_in=rows, rows_out=rows - failures)
    for number in range(failures):
        count.fail(failed(number))
    if fine:
        count.close(tmp_path / "summary.json")
        assert (tmp_path / "summary.json").exists()
        return
    with pytest.raises(MeteorError, match=f"{failures} of {rows} rows failed") as caught:
        count.close(tmp_path / "summary.json")
    assert "max_failed_fraction" in str(caught.value)
    assert "q0: reason 0" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_many_failures_are_counted_and_not_all_listed(tmp_path: Path) -> None:
    count = Tally("judge@sft", 0.0, rows_in=40)
    for number in range(40):
        count.fail(failed(number))
    with pytest.raises(MeteorError) as caught:
        count.close(tmp_path / "summary.json")
    assert "q4: reason 4" in str(caught.value)
    assert "reason 5" not in str(caught.value)
    assert str(caught.value).endswith("and 35 more")


def test_a_failure_is_kept_apart_from_what_succeeded() -> None:
    count = Tally("judge@sft", 0.0, rows_in=3)
    rows = [Question(id=name, title="What?") for name in "abc"]
    results: list[Guideline | Failed] = [
        Guideline(id="a", text="first", finish_reason="stop"),
        Failed(id="b", error="429"),
        Guideline(id="c", text="third", finish_reason="stop"),
    ]
    kept = list(count.keep(zip(rows, results, strict=True)))
    assert [(row.id, result.text) for row, result in kept] == [("a", "first"), ("c", "third")]
    assert count.failed == [Failed(id="b", error="429")]


STAGE = '''
"""A stage of the tests."""

from pathlib import Path

from meteor.core.errors import MeteorError, SettingsError
from meteor.running.stage import run_stage
from meteor.running.tally import Tally


def probe(params, out: Path) -> None:
    {work}
    out.write_text("done")


if __name__ == "__main__":
    run_stage(probe)
'''


@pytest.mark.parametrize(
    ("work", "arguments", "params", "code", "said"),
    [
        pytest.param("pass", ["--out", "out"], {}, 0, "", id="done"),
        pytest.param(
            "raise MeteorError('rows.jsonl:3: it is broken')",
            ["--out", "out"],
            {},
            1,
            "error: rows.jsonl:3: it is broken",
            id="the data failed",
        ),
        pytest.param(
            "raise SettingsError('no such device')",
            ["--out", "out"],
            {},
            2,
            "error: no such device",
            id="the settings are wrong",
        ),
        pytest.param(
            "raise KeyboardInterrupt", ["--out", "out"], {}, 130, "dvc repro", id="interrupted"
        ),
        pytest.param(
            "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (99, 99)); "
            "out.write_bytes(bytes(999))",
            ["--out", ".meteor/out"],
            {},
            1,
            "File too large; mend that and run `dvc repro` again",
            id="the disk is full",
        ),
        pytest.param("pass", [], {}, 2, "required: --out", id="an argument is missing"),
        pytest.param(
            "pass", ["--out", "out", "--inn", "in"], {}, 2, "--inn", id="an argument too many"
        ),
        pytest.param(
            "pass",
            ["--out", "out"],
            {"seed": "x"},
            2,
            "error: params.yaml: seed: ",
            id="a value is wrong",
        ),
        pytest.param(
            "pass",
            ["--out", "out"],
            {"judge.plugin": "oracle"},
            2,
            "error: params.yaml: judge.plugin: there is no plugin 'oracle' (there are: ",
            id="a role that the stage does not even use",
        ),
    ],
)
def test_exit_codes(
    project: Project,
    work: str,
    arguments: list[str],
    params: dict[str, Any],
    code: int,
    said: str,
) -> None:
    (project.folder / "stages/probe.py").write_text(STAGE.format(work=work))
    project.set(params)
    done = project.run(sys.executable, "-m", "stages.probe", *arguments, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert said in done.stderr
    assert (project.folder / "out").exists() == (code == 0)
    assert "None" not in done.stderr


TEACHER = """
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Completion, Failed
from meteor.core.settings import Settings

@hookimpl
def plugin_params():
    return Settings

@hookimpl
def teacher_answer(prompts):
    for prompt in prompts:
        if prompt.id == "refused":
            yield Failed(id=prompt.id, error="the service refused")
            continue
        yield Completion(
            id=prompt.id,
            text="" if prompt.id == "empty" else f"Answer {prompt.id}.",
            finish_reason="length" if prompt.id == "cut" else "stop",
            prompt_tokens=1,
            completion_tokens=1,
        )
"""
DISTILL = (
    *("-m", "stages.distill", "--questions", "questions.jsonl", "--guidelines", "guidelines.jsonl"),
    *("--out", "distilled.jsonl", "--summary", "summary.json"),
)


def distilling(project: Project, guided: list[str], params: dict[str, Any]) -> None:
    """Write questions, guidelines for some of them, and a teacher that does not always answer."""
    names = ["good", "refused", "cut", "empty", "bare"]
    rows = [Question(id=name, title=f"What is {name}?") for name in names]
    write_records(project.folder / "questions.jsonl", rows)
    lines = [Guideline(id=name, text="Begin.", finish_reason="stop") for name in guided]
    write_records(project.folder / "guidelines.jsonl", lines)
    project.plugin("teacher", "fake", TEACHER)
    project.set({"teacher.plugin": "fake", **params})


def test_failures_are_counted_and_never_dropped(project: Project) -> None:
    """Fault 4: failures were dropped, and answers cut by the token limit went into training."""
    guided = ["good", "refused", "cut", "empty"]
    distilling(project, guided, {"max_failed_fraction": 0.6})
    done = project.run(sys.executable, *DISTILL)
    assert "distill: 5 rows in = 1 out + 1 rejected + 3 failed" in done.stderr
    summary = json.loads((project.folder / "summary.json").read_text())
    assert summary["rows"] == {"in": 5, "out": 1, "rejected": 1, "failed": 3}
    assert summary["rejected"] == {"the question has no guideline": 1}
    assert {row["id"]: row["error"] for row in summary["failed"]} == {
        "refused": "the service refused",
        "cut": "the teacher's answer is cut off by the token limit",
        "empty": "the teacher's answer is empty",
    }
    written = (project.folder / "distilled.jsonl").read_text().splitlines()
    assert [json.loads(line)["answer"] for line in written] == ["Answer good."]


def test_too_many_failures_write_nothing(project: Project) -> None:
    distilling(project, ["good", "refused", "cut", "empty"], {"max_failed_fraction": 0.5})
    done = project.run(sys.executable, *DISTILL, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "3 of 5 rows failed" in done.stderr
    assert not (project.folder / "distilled.jsonl").exists()
    assert not (project.folder / "summary.json").exists()


def test_a_stage_that_skips_every_row_does_not_end_well(project: Project) -> None:
    """Fault 1: no guideline belonged to a question, the distilled file was empty, the code 0."""
    distilling(project, [], {"max_failed_fraction": 0.0})
    done = project.run(sys.executable, *DISTILL, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert not (project.folder / "distilled.jsonl").exists()
