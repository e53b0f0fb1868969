"""Texts that are too long for the student are left out, measured with its own tokenizer."""

import json
from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import MeteorError, SettingsError
from meteor.core.jsonl import read_records
from meteor.core.params import Params
from meteor.core.records import Question, Rejected
from meteor.core.roles import Plugin, load_plugin, load_role
from meteor.core.sections import Cleaning
from meteor.models.encoding import load_tokenizer
from meteor.running.stage import Stage
from meteor.sources.cleaning import clean
from meteor.sources.tokens import TokenLimit
from plugins.base import hub
from stages.ingest import ingest
from tests.sources.raw import ROW, SETTINGS

TEXTS = {
    "prose": "A kernel slides over the image and multiplies what it sees. " * 20,
    "code": "Try it:\n\n```py\nfor i in range(10):\n    print(i ** 2)\n```\n" * 20,
    "signs of many bytes": "∑ 🦙 深層学習 " * 20,
}


def base(checkpoint: Path) -> Plugin:
    return load_plugin("base", "hub", hub, {"model": str(checkpoint)})


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_may_have_as_many_tokens_as_the_limit_and_no_more(
    tiny_checkpoint: Path, text: str
) -> None:
    text = text.strip()
    tokens = load_tokenizer(tiny_checkpoint)(text, add_special_tokens=False)["input_ids"]
    assert not TokenLimit(len(tokens), base(tiny_checkpoint)).passed_by(text)
    below = TokenLimit(len(tokens) - 1, base(tiny_checkpoint))
    assert below.passed_by(text)
    for part in ("body", "answer"):
        raw = Question.model_validate({"id": "q", "title": "What?", "body": "So.", part: text})
        done = clean(raw, Cleaning(), below)
        assert isinstance(done, Rejected) and done.error == f"longer than {below.most} tokens"
        assert isinstance(clean(raw, Cleaning()), Question)


def test_a_text_is_measured_when_it_is_clean(tiny_checkpoint: Path) -> None:
    raw = Question(id="q", title="What?", body="<p>" + "<b></b>" * 500 + "It is.</p>")
    assert isinstance(clean(raw, Cleaning(), TokenLimit(20, base(tiny_checkpoint))), Question)


def test_short_texts_need_no_tokenizer(tmp_path: Path) -> None:
    """Neither a hub nor a file is asked for one; a sign of many bytes counts as that many."""
    limit = TokenLimit(12, base(tmp_path / "nowhere"))
    assert not limit.passed_by("twelve bytes") and not limit.passed_by("🦙🦙🦙")
    with pytest.raises(MeteorError, match=r"base model .*nowhere' cannot be loaded"):
        limit.passed_by("🦙🦙🦙🦙")


def run(folder: Path, checkpoint: Path, **cleaning: Any) -> dict[str, Any]:
    """Ingest forty short questions and one with a long answer; the summary."""
    rows = [{**ROW, "id": f"q{n}", "title": f"What is {n}?", "answer": f"{n}."} for n in range(40)]
    rows = [{**row, "question_content": f"I read {n} about it."} for n, row in enumerate(rows)]
    rows.append({**ROW, "id": "long", "title": "And this?", "answer": TEXTS["prose"]})
    (folder / "ml_data.json").write_text(json.dumps(rows))
    params = Params.model_validate(
        {
            **SETTINGS,
            "source": {**SETTINGS["source"], "path": str(folder)},
            "base": {
                "plugin": "hub",
                "local": str(checkpoint),
                "hub": {"model": str(checkpoint)},
            },
            "cleaning": cleaning,
        }
    )
    names = ("train", "dev", "test", "card", "lengths", "summary")
    ingest(Stage("ingest", params), **{name: folder / "out" / name for name in names})
    kept = [row.id for n in names[:3] for row in read_records(folder / "out" / n, Question)]
    assert ("long" in kept) == (cleaning["max_tokens"] is None) and len(kept) >= 40
    return dict(json.loads((folder / "out/summary").read_text()))


def test_the_stage_counts_what_it_leaves_out(tiny_checkpoint: Path, tmp_path: Path) -> None:
    summary = run(tmp_path, tiny_checkpoint, max_tokens=200)
    assert summary["rows"] == {"in": 41, "out": 40, "rejected": 1, "failed": 0}
    assert summary["rejected"] == {"longer than 200 tokens": 1}
    assert summary["examples"] == {"longer than 200 tokens": ["long"]}
    assert "| longer than 200 tokens | 1 |" in (tmp_path / "out/card").read_text()
    assert run(tmp_path, tiny_checkpoint, max_tokens=None)["rows"]["rejected"] == 0


def test_a_base_without_a_tokenizer_to_give_is_an_error_of_the_settings() -> None:
    given = load_role("base", Params.model_validate(SETTINGS))

    class Bare:
        plugin_params = staticmethod(hub.plugin_params)
        base_fetch = staticmethod(hub.base_fetch)

    bare = load_plugin("base", "bare", Bare, {"model": "x"})
    assert given.has("base_tokenizer") and not bare.has("base_tokenizer")
    with pytest.raises(SettingsError, match=r"'bare' has no hook base_tokenizer; set .*: null"):
        TokenLimit(10, bare)
