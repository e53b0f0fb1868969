"""The hooks of each role: what a plugin implements, and what it may rely on.

A plugin is a module `plugins/<role>/<name>.py` with functions decorated by `@hookimpl`. It may
leave out arguments that it does not need, and implements only the hooks of its role. `params` is
always an instance of the class that its `plugin_params` returns. Where a hook is asked about
rows, it yields one result or one `Failed` for each row, in any order; ids tell which is which.
Results are kept as they come: after a kill a plugin is asked about the rest alone, or, where it
takes `done`, about all rows again with the ids whose results are there and need not come again.
`seed` makes sampling repeatable. `domain` is the user's: it says where the templates of prompts
stand. Plugins import `meteor` and installed packages, never another
plugin, and import heavy packages inside functions.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pluggy

from meteor.core.domain import Domain
from meteor.core.judgements import Compared, Comparison, Judgement
from meteor.core.records import (
    Advice,
    Answer,
    Completion,
    Draft,
    Example,
    Failed,
    Likelihood,
    Pair,
    Prompt,
    Question,
)
from meteor.core.settings import Decoding, Schedule, Settings
from meteor.core.verdicts import Verdict

hookspec = pluggy.HookspecMarker("meteor")
hookimpl = pluggy.HookimplMarker("meteor")


@hookspec(firstresult=True)
def plugin_params(role: str) -> type[Settings]:
    """Return the class of this plugin's settings for `role`: frozen, unknown keys forbidden. May be
    left out where the annotation of `params` in the plugin's hooks tells.
    """
    raise AssertionError


@hookspec(firstresult=True)
def source_load(path: Path, params: Any) -> Iterable[Question | Failed]:
    """Yield the questions found under `path`, in a stable order, and a `Failed` for each row that
    cannot become a question, its error naming file and row.
    """
    raise AssertionError


@hookspec(firstresult=True)
def base_fetch(params: Any, out: Path) -> bool:
    """Write the base model into the folder `out` (which exists and is empty) as an ordinary
    Hugging Face checkpoint: safetensors weights, tokenizer with a chat template. Return True.
    """
    raise AssertionError


@hookspec(firstresult=True)
def base_tokenizer(params: Any) -> Any:
    """The base model's Hugging Face tokenizer, without its weights: `ingest` measures long texts
    with it. Optional, but for `cleaning.max_tokens`.
    """
    raise AssertionError


@hookspec(firstresult=True)
def student_generate(
    prompts: Sequence[Prompt],
    checkpoint: Path,
    decoding: Decoding,
    params: Any,
    seed: int,
    done: Collection[str],
) -> Iterable[Completion | Failed]:
    """Answer each prompt with the model in the folder `checkpoint`, decoding as told. A prompt
    that is longer than the model's window is shortened where its messages allow it (`cut`).
    """
    raise AssertionError


@hookspec(firstresult=True)
def student_score(
    examples: Sequence[Example], checkpoint: Path, params: Any, done: Collection[str]
) -> Iterable[Likelihood | Failed] | None:
    """Yield the summed negative log-likelihood (nats) of each example's answer tokens, the end of
    turn included, given its prompt. Leave the hook out where the model does not tell.
    """
    raise AssertionError


@hookspec(firstresult=True)
def teacher_answer(
    prompts: Sequence[Prompt],
    questions: Sequence[Question],
    params: Any,
    seed: int,
    done: Collection[str],
) -> Iterable[Completion | Failed]:
    """Answer each prompt (a question with the student's guideline) as well as possible.
    `questions[i]` is the question behind `prompts[i]`.
    """
    raise AssertionError


@hookspec(firstresult=True)
def advisor_advise(
    drafts: Sequence[Draft], params: Any, domain: Domain
) -> Iterable[Advice | Failed]:
    """Say for each draft whether it is correct, and where it is not, what to mend."""
    raise AssertionError


@hookspec(firstresult=True)
def judge_score(
    answers: Sequence[Answer], params: Any, domain: Domain
) -> Iterable[Judgement | Failed]:
    """Score each answer in the five dimensions, 1 to 10, without knowing who wrote it. Leave the
    hook out where `judge_compare` is all that the judge knows: then there are no scores.
    """
    raise AssertionError


@hookspec(firstresult=True)
def judge_compare(
    pairs: Sequence[Comparison], params: Any, domain: Domain
) -> Iterable[Compared | Failed]:
    """Say for each pair what share of the preference the first answer gets, in each dimension and
    overall. Every two answers are asked about in both orders; those that are one text never. Leave
    the hook out where the scores of `judge_score` tell which of two answers is better.
    """
    raise AssertionError


@hookspec(firstresult=True)
def verifier_verify(drafts: Sequence[Draft], params: Any) -> Iterable[Verdict | Failed]:
    """Run or read each draft, and say what it comes to and whether that is what its question's
    `check` asks for. Feedback never contains the expected answer. A draft can be as hostile as it
    likes: it is not right, within limits. Only a `check` that makes no sense is a `Failed`.
    """
    raise AssertionError


@hookspec(firstresult=True)
def sft_train(
    examples: Sequence[Example],
    held_out: Sequence[Example],
    start: Path,
    out: Path,
    schedule: Schedule,
    params: Any,
    seed: int,
) -> Mapping[str, Any]:
    """Fine-tune the checkpoint `start` to give each example's answer (and then to stop), write
    the new checkpoint to the folder `out`, and return a `meteor.training.jobs.Report` as a
    mapping. `held_out` (which may be empty) is never learned from: its loss may tell when to stop.
    """
    raise AssertionError


@hookspec(firstresult=True)
def pairwise_train(
    pairs: Sequence[Pair], start: Path, out: Path, schedule: Schedule, params: Any, seed: int
) -> Mapping[str, Any]:
    """Train the checkpoint `start` to prefer each pair's chosen answer, write the new checkpoint
    to the folder `out`, and return a `meteor.training.process.Report` as a mapping.
    """
    raise AssertionError


ROLES: dict[str, tuple[str, ...]] = {
    "source": ("source_load",),
    "base": ("base_fetch",),
    "student": ("student_generate",),
    "teacher": ("teacher_answer",),
    "advisor": ("advisor_advise",),
    "judge": (),
    "verifier": ("verifier_verify",),
    "sft": ("sft_train",),
    "pairwise": ("pairwise_train",),
}
"""The hooks that a plugin of each role must implement, besides `plugin_params`."""

EITHER: dict[str, tuple[str, ...]] = {"judge": ("judge_score", "judge_compare")}
"""Hooks of which a plugin of a role must implement one or more."""
