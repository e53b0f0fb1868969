"""`meteor benchmark` runs tasks of lm-eval on a local checkpoint, from files on this machine."""

import json
import sys
from pathlib import Path

import pytest

from meteor.__main__ import main
from meteor.core.errors import MeteorError
from meteor.evaluation.benchmarks import Result, read_results, results_table
from tests.conftest import ROOT

ROWS = [("of France", ["Paris", "Rome"], 0), ("of Japan", ["Kyoto", "Tokyo"], 1)]
TASK = """task: capitals
dataset_path: json
dataset_kwargs: {{data_files: {{test: {file}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "What is the capital {{{{question}}}}? It is"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: "{{{{answer}}}}"
metric_list: [{{metric: acc, aggregation: mean, higher_is_better: true}}]
"""


def result(task: str, value: float, metric: str = "acc") -> Result:
    return Result(
        task=task, metric=metric, value=value, questions=40, shots=0, chat=False, lm_eval="0.4"
    )


def test_results_stand_beside_each_other_with_their_intervals(tmp_path: Path) -> None:
    for name, value in (("base", 0.5), ("sft", 0.75)):
        rows = {"quiz": result("quiz", value).model_dump()}
        if name == "sft":
            rows["lines"] = result("lines", 12.25, "word_perplexity").model_dump()
        (tmp_path / f"{name}.json").write_text(json.dumps(rows))
    assert results_table(tmp_path) == [
        "model | quiz (acc, 0-shot) | lines (word_perplexity, 0-shot)",
        "--- | ---: | ---:",
        "base | 50 (35-65) | -",
        "sft | 75 (60-86) | 12.250",
    ]
    assert results_table(tmp_path / "none") == []
    (tmp_path / "r1.json").write_text('{"quiz": {"task": "quiz"}}')
    with pytest.raises(MeteorError, match=r"r1\.json: metric"):
        read_results(tmp_path / "r1.json")


@pytest.mark.slow
def test_a_task_of_ones_own_runs_without_a_network(
    tiny_checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("lm_eval", reason="not installed: requirements/test.lock has it")
    rows = [dict(zip(("question", "choices", "answer"), row, strict=True)) for row in ROWS]
    data = tmp_path / "capitals.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks/capitals.yaml").write_text(TASK.format(file=data))
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    words = ["meteor", "benchmark", str(tiny_checkpoint), "--tasks", "capitals"]
    monkeypatch.setattr(sys, "argv", [*words, "--task-files", "tasks", "--device", "cpu"])
    main()
    said = capsys.readouterr().out
    assert f"model | capitals (acc, 0-shot)\n--- | ---:\n{tiny_checkpoint.name} | " in said
    (found,) = read_results(tmp_path / f"metrics/benchmarks/{tiny_checkpoint.name}.json").values()
    assert (found.metric, found.questions) == ("acc", 2)
