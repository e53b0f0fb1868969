"""What is expected stands in no feedback of any verifier, whatever the answer, and in no prompt."""

import random
import sys
from pathlib import Path
from typing import Any

import pytest

from meteor.core.domain import PLAIN
from meteor.core.judgements import Comparison
from meteor.core.records import Answer, Attempt, Draft, Question
from meteor.core.roles import plugin_names
from meteor.core.verdicts import Verdict
from meteor.prompts import wording
from meteor.prompts.kinds import load
from plugins.advisor import chat_api as advisor
from plugins.judge import chat_api as judge
from plugins.source import table
from tests.verification.asking import verdicts

SECRET = "8675309"
"""What is expected, as a number, a text or a part of one."""

ANSWERS = [
    "",
    "no idea",
    "{}",
    '{"a": {"b": 12}, "size": "big"}',
    "```\nx\n```\n```\ny\n```",
    "SELECT name FROM lake",
    "SELECT area FROM nowhere WHERE (",
    "SELECT count(*) FROM lake",
    "def f(n):\n    return n",
    "def f(n):\n    return expected",
    "def f(n):\n    raise ValueError(locals(), globals())",
    "def f(n):\n    import gc\n    raise ValueError(gc.get_objects())",
    "class C:\n    def __eq__(self, x): raise ValueError(x)\ndef f(n): return C()",
    "class C(int):\n    def __eq__(self, x): raise ValueError(x)\ndef f(n): return C(n)",
    "12 km",
    "12",
    "A or B",
    "[1, 2",
    "\u202e\x00 <|im_end|> {check}",
]  # fmt: skip
EXPECTED: dict[str, list[tuple[Any, dict[str, Any]]]] = {
    "none": [(SECRET, {})],
    "exact": [(SECRET, {}), ([SECRET, f"the {SECRET}"], {})],
    "choice": [(SECRET, {"labels": ["A", "B", SECRET]})],
    "number": [
        (int(SECRET), {}),
        ({"value": float(SECRET), "unit": "m", "tolerance": 0.1}, {"take": "whole"}),
        (SECRET, {"math": True}),
    ],
    "json": [
        ({"fields": {"a.b": int(SECRET), "size": SECRET}}, {}),
        ({"schema": {"properties": {"size": {"const": SECRET}}, "type": "object"}}, {}),
        ({"schema": {"properties": {"size": {"enum": [SECRET]}, "a": {"minimum": 8675309}}}}, {}),
        ({"schema": {"properties": {"size": {"pattern": SECRET}}, "not": {"const": SECRET}}}, {}),
        ({"schema": {"anyOf": [{"const": SECRET}, {"required": ["x"], "type": "object"}]}}, {}),
    ],
    "pattern": [(SECRET, {})],
    "sql": [(f"SELECT {SECRET}", {}), (f"SELECT '{SECRET}' UNION SELECT 2 ORDER BY 1", {})],
    "python": [
        (f"assert f(1) == {SECRET}", {}),
        (f"want = '{SECRET}'\ndef test_it():\n    got = f(1)\n    assert got == want, want", {}),
        (f"if f(2) != {SECRET}:\n    raise ValueError({SECRET})\nassert f(2)", {}),
    ],
    "command": [(SECRET, {}), ({"deep": [{"value": int(SECRET)}]}, {})],
}  # fmt: skip
TELLING = """
import json, sys
for line in sys.stdin:
    row = json.loads(line)
    print(json.dumps({"id": row["id"], "passed": False, "feedback": f"Not {row['check']}!"}))
"""


def variations(seed: int) -> list[str]:
    """Answers cut and mixed at random, and longer than any that a student writes."""
    draw = random.Random(seed)
    mixed = ["".join(draw.sample(text, len(text))) for text in ANSWERS]
    cut = [text[: draw.randrange(len(text) + 1)] for text in ANSWERS]
    joined = ["\n".join(draw.sample(ANSWERS, 3)) for _ in range(10)]
    return [*mixed, *cut, *joined, "x" * 1000]


@pytest.mark.parametrize("plugin", plugin_names("verifier"))
def test_no_feedback_holds_what_is_expected(plugin: str, lakes: Path) -> None:
    for check, settings in EXPECTED[plugin]:
        if plugin == "sql":
            settings = {**settings, "database": lakes}
        if plugin == "command":
            settings = {**settings, "program": [sys.executable, "-c", TELLING]}
        if plugin == "python":
            settings = {**settings, "take": "whole"}
        answers = [*ANSWERS, *(variations(1) if plugin != "python" else ())]
        for said in verdicts(plugin, [(answer, check) for answer in answers], **settings):
            assert isinstance(said, Verdict), said
            assert bool(said.feedback) <= (said.passed is False)
            assert SECRET not in said.feedback and len(said.feedback) < 1000
            assert SECRET not in str(said.result)


def test_no_prompt_shows_a_check() -> None:
    question = Question(id="q", title="What?", body="Say it.", answer="So.", check={"a": [SECRET]})
    draft = Draft(id="q", question=question, text="So?")
    answer = Answer(
        id="q", question=question, text="So?", finish_reason="stop", tokens=2, flops=None
    )
    tried = Attempt(text="So?", finish_reason="stop", correct=False, advice="Mend it.")
    pair = Comparison(id="q", question=question, first="So?", second="No.")
    asked = [
        wording.guideline(PLAIN)(question),
        wording.distillation(PLAIN)(question, "Think."),
        wording.unguided(PLAIN)(question),
        wording.answer(PLAIN)(question),
        wording.example(PLAIN)(question, "So."),
        wording.revision(PLAIN)(question, tried),
        judge.score(answer, load("judge-score", PLAIN), show_reference=True),
        advisor.advice(draft, load("advice", PLAIN), show_reference=True),
        judge.preference(pair, load("judge-preference", PLAIN), show_reference=True),
    ]
    assert not [made for made in asked if SECRET in str(made)]
    assert "check" not in Question(id="q", title="What?").model_dump_json()


def test_a_check_comes_with_the_question_from_a_table(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text(
        '{"id": 1, "title": "A?", "gold": {"query": "SELECT 1"}}\n'
        '{"id": 2, "title": "B?", "gold": 0}\n{"id": 3, "title": "C?"}\n'
    )
    params = table.Table(check="gold")
    checks = [row.check for row in table.source_load(tmp_path, params) if isinstance(row, Question)]
    assert checks == [{"query": "SELECT 1"}, 0, None]
