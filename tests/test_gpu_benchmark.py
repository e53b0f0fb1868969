"""The benchmark of one GPU, with tiny models and without one: where one is lent, it has one try."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow
WITHOUT_HASTE = ("--seconds", "1500", "--patient")


def ran(out: Path, *arguments: str) -> list[dict[str, Any]]:
    """What the benchmark has noted."""
    line = [sys.executable, "-m", "benchmarks.gpu", "--smoke", "--out", str(out), *arguments]
    subprocess.run(line, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


KINDS = {"sft-packed", "generate", "equality", "adapter"}
"""A case of each kind."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What is noted of a case of each kind, and of one that fails before the last of them: Liger's
    kernels want a GPU.
    """
    cases = ",".join([*sorted(KINDS), "sft-liger"])
    folder = tmp_path_factory.mktemp("gpu")
    return {row["case"]: row for row in ran(folder, "--cases", cases, *WITHOUT_HASTE)}


def test_cases_of_each_kind(told: dict[str, dict[str, Any]]) -> None:
    assert {*told} == {"prepare:0.5b", "sft-liger", *KINDS}
    assert told["sft-packed"]["tokens_per_second"] > 0
    assert told["equality"]["same_texts"] == told["equality"]["questions"] == 20
    assert told["adapter"]["learned"] > 1e-3 > told["adapter"]["on_top_and_loaded"]


def test_a_case_that_fails_costs_the_others_nothing(told: dict[str, dict[str, Any]]) -> None:
    assert "liger need a GPU" in told["sft-liger"]["error"]
    assert [case for case, row in told.items() if "error" in row] == ["sft-liger"]
    assert [*told].index("sft-liger") < [*told].index("sft-packed")


def test_a_case_that_has_no_second_left_is_not_begun(tmp_path: Path) -> None:
    (row,) = ran(tmp_path, "--cases", "equality", "--seconds", "11")
    assert "not begun" in row["error"]
