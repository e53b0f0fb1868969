"""Self-consistency: of several answers the one whose result most of them share (Wang et al. 2022,
arXiv 2203.11171). What a verifier makes of an answer is its result; no `check` is looked at.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from meteor.core.records import Completion, Draft, Failed, Prompt, Question
from meteor.core.roles import Plugin
from meteor.core.settings import Decoding
from meteor.core.verdicts import Verdict
from meteor.running.asking import ask
from meteor.running.tally import Tally

SEEDS_APART = 100_003
"""Between the seeds of two samples; a student adds the numbers of its batches to a seed."""


class Voted(NamedTuple):
    """The answer that most agree with, how many do, and of how many."""

    answer: Completion
    votes: int
    samples: int


def vote(
    count: Tally,
    student: Plugin,
    verifier: Plugin,
    prompts: Sequence[Prompt],
    questions: Mapping[str, Question],
    checkpoint: Path,
    decoding: Decoding,
    seed: int,
) -> Iterator[tuple[Prompt, Voted]]:
    """A greedy answer and `decoding.samples` drawn ones for each prompt, and the one to keep. Its
    FLOPs are those of all. What fails is counted once.
    """
    written: dict[str, list[Completion]] = {prompt.id: [] for prompt in prompts}
    alive = list(prompts)
    for number, way in enumerate(_ways(decoding)):
        own = seed + SEEDS_APART * number
        for prompt, answer in count.generate(student, alive, checkpoint, way, own):
            written[prompt.id].append(answer)
        alive = [prompt for prompt in alive if len(written[prompt.id]) > number]
    samples = {prompt.id: written[prompt.id] for prompt in alive}
    found = _results(verifier, samples, questions)
    for prompt in alive:
        yield prompt, _most(samples[prompt.id], found[prompt.id])


def _ways(decoding: Decoding) -> list[Decoding]:
    """Greedy, and then the samples."""
    plain = decoding.model_copy(update={"agreement": "words"})
    greedy = plain.model_copy(update={"strategy": "greedy"})
    return [greedy, *[plain.model_copy(update={"strategy": "sample"})] * decoding.samples]


def _results(
    verifier: Plugin,
    samples: Mapping[str, Sequence[Completion]],
    questions: Mapping[str, Question],
) -> dict[str, list[str | None]]:
    """What each sample comes to; None where it is cut off, or comes to nothing."""
    drafts: dict[tuple[str, str], Draft] = {}
    for name, answers in samples.items():
        asked = questions[name].model_copy(update={"check": None})
        for text in dict.fromkeys(answer.text for answer in answers):
            identifier = f"{name} #{len(drafts)}"
            drafts[name, text] = Draft(id=identifier, question=asked, text=text)
    rows = list(drafts.values())
    verdicts: dict[str, Verdict | Failed] = {
        draft.id: verdict
        for draft, verdict in ask(verifier, "verifier_verify", rows, Verdict, drafts=rows)
    }
    said = {key: _result(verdicts[draft.id]) for key, draft in drafts.items()}
    return {
        name: [said[name, a.text] if a.finish_reason == "stop" else None for a in answers]
        for name, answers in samples.items()
    }


def _result(verdict: Verdict | Failed) -> str | None:
    return None if isinstance(verdict, Failed) else verdict.result


def _most(answers: Sequence[Completion], results: Sequence[str | None]) -> Voted:
    """The first answer with the result that stands most often; of results as often, the one that
    came first. Where none comes to anything, the first answer, which nobody votes for.
    """
    flops = [answer.flops for answer in answers]
    known = [each for each in flops if each is not None]
    spent = sum(known) if len(known) == len(flops) else None
    votes = Counter(result for result in results if result is not None)
    best, number = votes.most_common(1)[0] if votes else (None, 0)
    kept = answers[results.index(best)] if votes else answers[0]
    return Voted(kept.model_copy(update={"flops": spent}), number, len(answers))
