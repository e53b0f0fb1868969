"""The held-out answers: an expert's answer that cannot be weighed takes no question along."""

import json
from pathlib import Path

import pytest
import yaml

from meteor.core.jsonl import read_records, write_records
from meteor.core.params import Params
from meteor.core.records import Answer, Question
from meteor.running.stage import Stage
from stages.answer import answer
from tests.conftest import ROOT


def test_an_experts_answer_that_is_longer_than_the_window_is_not_weighed(
    tiny_checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A post of Stack Overflow was: the model's own answer to the question is judged all the same,
    and the summary says which likelihood is missing.
    """
    settings = yaml.safe_load((ROOT / "params.yaml").read_text())
    student = {"plugin": "transformers", "transformers": {"dtype": "float32", "window": 120}}
    decoding = {"strategy": "greedy", "max_new_tokens": 8}
    params = Params.model_validate(
        {**settings, "student": student, "answer": {"decoding": decoding}}
    )
    questions, out, summary = (tmp_path / n for n in ("questions.jsonl", "out.jsonl", "rows.json"))
    texts = {"short": "It is useful.", "long": "It is a thing that one learns. " * 60, "none": None}
    rows = [Question(id=name, title="What is it?", answer=text) for name, text in texts.items()]
    write_records(questions, rows)
    answer(Stage("answer@base", params), questions, tiny_checkpoint, "base", out, summary)
    written = {row.id: row for row in read_records(out, Answer)}
    assert list(written) == ["short", "long", "none"]
    assert written["short"].reference_nll and written["short"].reference_tokens
    assert written["long"].reference_nll is written["none"].reference_nll is None
    told = json.loads(summary.read_text())
    assert told["rows"] == {"in": 3, "out": 3, "rejected": 0, "failed": 0}
    assert told["unweighed"] == {"long": "prompt and answer do not fit into 120 tokens"}
    assert "no likelihood of the answer to long" in caplog.text
