"""The benchmark of one GPU, with tiny models and without one: where one is lent, it has one try."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow


def ran(out: Path, *arguments: str) -> list[dict[str, Any]]:
    """What the benchmark has noted."""
    line = [sys.executable, "-m", "benchmarks.gpu", "--smoke", "--out", str(out), *arguments]
    subprocess.run(line, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


def test_cases_of_each_kind(tmp_path: Path) -> None:
    cases = "sft-packed,generate,equality,adapter"
    told = ran(tmp_path, "--cases", cases, "--seconds", "1500", "--patient")
    assert not [row for row in told if "error" in row]
    by_case = {row["case"]: row for row in told}
    assert {*by_case} == {"prepare:0.5b", *cases.split(",")}
    assert by_case["sft-packed"]["tokens_per_second"] > 0
    assert by_case["equality"]["same_texts"] == by_case["equality"]["questions"] == 20
    assert by_case["adapter"]["learned"] > 1e-3 > by_case["adapter"]["on_top_and_loaded"]


def test_a_case_that_fails_and_one_that_hangs_cost_the_others_nothing(tmp_path: Path) -> None:
    """Liger's kernels want a GPU; and no case has a second here."""
    rows = ran(
        tmp_path / "fails", "--cases", "sft-liger,equality", "--seconds", "1500", "--patient"
    )
    by_case = {row["case"]: row for row in rows}
    assert "liger need a GPU" in by_case["sft-liger"]["error"], rows
    assert by_case["equality"]["same_texts"] == 20
    (told,) = ran(tmp_path / "late", "--cases", "equality", "--seconds", "11")
    assert "not begun" in told["error"]
