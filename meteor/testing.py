"""What a plugin of each role holds, as one function a role for the tests of its author.

    from meteor.testing import check_teacher

    def test_my_teacher():
        check_teacher("mine", model="small")        # plugins/teacher/mine.py and its settings
        check_teacher(my_package.teacher)           # or a module

All of them check: the hooks fit their specs; every setting is documented, has a frozen class that
forbids unknown keys; importing the plugin imports nothing heavy. Roles that are asked about rows:
one result a row with its id, in the order asked; nothing for nothing; text in any script; a row
that fails takes no other along; the same seed gives the same results. What does not hold raises
AssertionError or MeteorError with the plugin's name.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from meteor.core.errors import MeteorError
from meteor.core.judgements import Compared, Judgement
from meteor.core.params import Params, load_params
from meteor.core.records import (
    Advice,
    Answer,
    Completion,
    Draft,
    Example,
    Likelihood,
    Pair,
    Question,
    Record,
)
from meteor.core.roles import Plugin
from meteor.core.settings import Decoding, Schedule
from meteor.core.verdicts import Verdict
from meteor.evaluation.comparing import Match
from meteor.running.conformance import check_imports, check_rows, load, named
from meteor.running.context import Context
from meteor.running.observers import OBSERVER, load_observer
from meteor.running.trials import BODIES, QUESTIONS, plain_prompt
from meteor.training.process import train

SEED = 7


def check_source(plugin: str | ModuleType, path: Path, **settings: Any) -> None:
    """`path` holds raw data with at least one good row. Ids are unique, the order is stable."""
    loaded = load("source", plugin, settings)
    rows = list(loaded.stream("source_load", Question, path=path))
    good = [row.id for row in rows if isinstance(row, Question)]
    assert good, f"{loaded.name}: {path} gave no question: {rows[:3]}"
    assert len(set(good)) == len(good), f"{loaded.name}: an id stands twice"
    again = list(loaded.stream("source_load", Question, path=path))
    assert again == rows, f"{loaded.name}: a second reading gave other rows"


def check_base(plugin: str | ModuleType, **settings: Any) -> None:
    """The checkpoint is whole: safetensors weights, and a tokenizer with a chat template. The
    tokenizer that is to be had without it is the same.
    """
    from meteor.models.encoding import load_tokenizer

    loaded = load("base", plugin, settings)
    with TemporaryDirectory() as folder:
        out = Path(folder)
        assert loaded.call("base_fetch", out=out) is True, f"{loaded.name}: base_fetch is not True"
        assert any(out.glob("*.safetensors")), f"{loaded.name}: no safetensors weights"
        written = load_tokenizer(out)
    if loaded.has("base_tokenizer"):
        given = loaded.call("base_tokenizer")
        for text in (question.title for question in QUESTIONS):
            same = given(text)["input_ids"] == written(text)["input_ids"]
            assert same, f"{loaded.name}: base_tokenizer is not the checkpoint's: {text!r}"


def check_student(plugin: str | ModuleType, checkpoint: Path, **settings: Any) -> None:
    """`checkpoint` is a folder with a model: `meteor.models.tiny.tiny_checkpoint` makes one."""
    loaded = load("student", plugin, settings)
    asked = [plain_prompt(question) for question in QUESTIONS]
    rest = {"checkpoint": checkpoint, "seed": SEED}
    for decoding in (Decoding(max_new_tokens=8), Decoding(strategy="sample", max_new_tokens=8)):
        how = {**rest, "decoding": decoding}
        check_rows(
            loaded, "student_generate", Completion, asked, lambda p, h=how: {"prompts": p, **h}
        )
    if loaded.has("student_score"):
        examples = [Example(id=p.id, prompt=p, answer="An answer.") for p in asked]
        check_rows(
            *(loaded, "student_score", Likelihood, examples),
            lambda e: {"examples": e, "checkpoint": checkpoint},
        )


def check_teacher(plugin: str | ModuleType, **settings: Any) -> None:
    """A teacher answers prompts that hold a question and a guideline."""
    loaded = load("teacher", plugin, settings)
    by_id = {question.id: question for question in QUESTIONS}
    asked = [plain_prompt(question, "Guideline: say what it is. Näher!") for question in QUESTIONS]
    check_rows(
        *(loaded, "teacher_answer", Completion, asked),
        lambda p: {"prompts": p, "questions": [by_id[row.id] for row in p], "seed": SEED},
    )


def check_advisor(plugin: str | ModuleType, **settings: Any) -> None:
    """An advisor looks at drafts, an empty one among them."""
    loaded = load("advisor", plugin, settings)
    drafts = [Draft(id=q.id, question=q, text=q.body) for q in QUESTIONS]
    check_rows(loaded, "advisor_advise", Advice, drafts, lambda d: {"drafts": d})


def check_judge(plugin: str | ModuleType, **settings: Any) -> None:
    """A judge scores answers, an empty one among them, compares them two by two, or does both."""
    loaded = load("judge", plugin, settings)
    rest: dict[str, Any] = {"finish_reason": "stop", "tokens": 9, "flops": None}
    answers = [Answer(id=q.id, question=q, text=q.body, **rest) for q in QUESTIONS]
    if loaded.has("judge_score"):
        check_rows(loaded, "judge_score", Judgement, answers, lambda a: {"answers": a})
    if loaded.has("judge_compare"):
        matches = [Match(q, "another", q.body, f"Concept: {q.title}") for q in QUESTIONS]
        pairs = [pair for match in matches for pair in match.orders()]
        check_rows(loaded, "judge_compare", Compared, pairs, lambda p: {"pairs": p})


def check_verifier(plugin: str | ModuleType, *right: tuple[str, Any], **settings: Any) -> None:
    """`right` are answers, each with a `check` that it passes; a few others do not pass the first
    one's. Without a `check` nothing passes or fails.
    """
    loaded = load("verifier", plugin, settings)
    wrong = [(text, check) for text in BODIES for _, check in right[:1]]
    for answers, due in ((right, True), (wrong, False), ([(b, None) for b in BODIES], None)):
        drafts = [
            Draft(id=q.id, question=q.model_copy(update={"check": check}), text=text)
            for q, (text, check) in zip(QUESTIONS, answers, strict=False)
        ]
        check_rows(loaded, "verifier_verify", Verdict, drafts, lambda d: {"drafts": d})
        for _, said in loaded.rows("verifier_verify", drafts, Verdict, drafts=drafts):
            assert isinstance(said, Verdict) and said.passed is due, f"{loaded.name}: {said}"


def check_sft(
    plugin: str | ModuleType, checkpoint: Path, twice: bool = True, **settings: Any
) -> None:
    """The trainer learns from a few examples, leaves `checkpoint` alone, and gives the same bytes
    again (with `twice`, which trains a second time).
    """
    asked = [plain_prompt(question) for question in _short()]
    rows = [Example(id=p.id, prompt=p, answer="Ein Wort, 一个词.") for p in asked]
    _check_trainer(load("sft", plugin, settings), rows, checkpoint, twice)


def check_pairwise(
    plugin: str | ModuleType, checkpoint: Path, twice: bool = True, **settings: Any
) -> None:
    """The trainer learns from a few pairs, leaves `checkpoint` alone, and gives the same bytes
    again (with `twice`, which trains a second time).
    """
    rest: dict[str, Any] = {"chosen_flops": 2.0, "rejected_flops": None}
    asked = [plain_prompt(question) for question in _short()]
    rows = [
        Pair(id=p.id, prompt=p, chosen="A good answer, 好.", rejected="No.", **rest) for p in asked
    ]
    _check_trainer(load("pairwise", plugin, settings), rows, checkpoint, twice)


def check_observer(plugin: str | ModuleType, params: Params | None = None) -> None:
    """An observer hears a stage from start to end, and then one that fails, without raising."""
    name, module = named(OBSERVER, plugin)
    check_imports(name, module)
    params = params or load_params()
    context = Context("distill", {name: load_observer(name, module)})
    context.tell("run_started", run="a/1/2", params=params)
    context.tell("stage_started", params=params)
    for done in range(3):
        context.tell("rows_done", what="teacher_answer", done=done, total=2)
        context.tell("workers_changed", up=done, of=2)
    report = {"rows": 2, "steps": [{"step": 1, "loss": 2.0}], "seconds": 1.0}
    context.tell("checkpoint_written", checkpoint=Path("somewhere"), report=report)
    context.tell("stage_finished", seconds=1.5, summary={"rows": {"in": 2, "out": 2}})
    context.tell("stage_started", params=params)
    context.tell("stage_failed", seconds=1.5, error="the data are ill")
    assert context.observers, f"{name}: a hook raised (the log says which)"


def _short() -> Iterable[Question]:
    return [question for question in QUESTIONS if len(question.body) < 100]


def _check_trainer(loaded: Plugin, rows: Sequence[Record], checkpoint: Path, twice: bool) -> None:
    before = _hashes(checkpoint)
    schedule = Schedule(epochs=1, learning_rate=1e-3)
    with TemporaryDirectory() as folder:
        once, again = Path(folder) / "once", Path(folder) / "again"
        for out in (once, again) if twice else (once,):
            report = train(loaded, rows, checkpoint, out, schedule, SEED)
            assert report.rows + report.dropped == len(rows), f"{loaded.name}: rows are lost"
            assert report.steps, f"{loaded.name}: no step was made"
        assert _hashes(checkpoint) == before, f"{loaded.name}: the start checkpoint was changed"
        weights = {name: digest for name, digest in _hashes(once).items() if "safetensors" in name}
        assert weights, f"{loaded.name}: no safetensors weights"
        assert not weights.items() & before.items(), f"{loaded.name}: no weight has changed"
        same = not twice or weights.items() <= _hashes(again).items()
        assert same, f"{loaded.name}: not the same bytes again"
        try:
            train(loaded, [], checkpoint, Path(folder) / "nothing", schedule, SEED)
        except MeteorError:
            pass
        else:
            raise AssertionError(f"{loaded.name}: nothing to train on has to be a MeteorError")


def _hashes(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not file.name.endswith(".index.json")
    }
