"""Phase 2 on one group of questions: drafts, advice, revisions (paper, section 3.2).

A question is drafted once, or several times: the first draft is decoded as everywhere, the others
are sampled, and the first that the advisor finds correct is accepted. Where none is, the first
draft is revised along its advice. Every attempt is kept, in order, and marked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meteor.core.records import (
    Advice,
    Attempt,
    Completion,
    Draft,
    Example,
    Prompt,
    Question,
    Refinement,
)
from meteor.core.revisions import REVISED
from meteor.core.roles import Plugin
from meteor.core.sections import Iterate
from meteor.core.settings import Decoding
from meteor.running.tally import Tally


@dataclass(frozen=True)
class Words:
    """How a question is asked, and how a revision of an attempt at it is."""

    ask: Callable[[Question], Prompt]
    revise: Callable[[Question, Attempt], Prompt]


def lessons(row: Refinement, learn: str, words: Words) -> list[Example]:
    """What an accepted answer teaches (`iterate.learn`): the answer to the question, and, where it
    came by a revision, the right answer along the advice on the wrong draft.
    """
    accepted, question = row.attempts[-1], row.question
    thought, answer = accepted.thought, accepted.text
    plain = Example(id=row.id, prompt=words.ask(question), answer=answer, thought=thought)
    before = [attempt for attempt in row.attempts[:-1] if not attempt.sampled]
    if learn == "answers" or accepted.sampled or not before:
        return [plain]
    prompt = words.revise(question, before[-1])
    revised = Example(id=row.id + REVISED, prompt=prompt, answer=answer, thought=thought)
    return [revised] if learn == "revisions" else [plain, revised]


class Refining:
    """A group of questions on its way; ask it with `run`."""

    def __init__(
        self,
        group: Sequence[Question],
        student: Plugin,
        advisor: Plugin,
        settings: Iterate,
        words: Words,
        seed: int,
        count: Tally,
    ) -> None:
        self.student, self.advisor, self.settings = student, advisor, settings
        self.words, self.seed, self.count = words, seed, count
        self.questions = {question.id: question for question in group}
        self.attempts: dict[str, list[Attempt]] = {question.id: [] for question in group}
        self.revised: dict[str, Attempt] = {}
        """The latest attempt that is to be revised along its advice."""
        self.failed: set[str] = set()

    def run(self, weights: Path, finetunes: int) -> list[Refinement]:
        """All attempts at each question by the checkpoint `weights`; a question that failed on the
        way is counted and left out.
        """
        settings = self.settings
        for number in range(settings.drafts):
            asked = {name: self.words.ask(self.questions[name]) for name in self._open()}
            decoding = settings.sampling if number else settings.decoding
            self._attempt(asked, weights, decoding, number, revised=not number)
        for _ in range(1, settings.max_iterations):
            asked = {
                name: self.words.revise(self.questions[name], self.revised[name])
                for name in self._open()
            }
            self._attempt(asked, weights, settings.decoding, 0, revised=True)
        return [
            Refinement(
                id=name,
                question=question,
                attempts=tuple(self.attempts[name]),
                accepted=self.attempts[name][-1].correct,
                weights=finetunes,
            )
            for name, question in self.questions.items()
            if name not in self.failed
        ]

    def _open(self) -> list[str]:
        """The questions of which no answer is accepted yet."""
        return [
            name
            for name, attempts in self.attempts.items()
            if name not in self.failed and not (attempts and attempts[-1].correct)
        ]

    def _attempt(
        self,
        asked: Mapping[str, Prompt],
        weights: Path,
        decoding: Decoding,
        number: int,
        revised: bool,
    ) -> None:
        """One more attempt at each question; `revised`: what is wrong with it is revised next."""
        if not asked:
            return
        ready, seed = [(self.questions[name], asked[name]) for name in asked], self.seed + number
        looking = Looking(self.student, self.advisor, self.count)
        attempts = looking.at(ready, weights, decoding, seed, sampled=number > 0)
        self.failed |= asked.keys() - attempts.keys()
        for name, attempt in attempts.items():
            self.attempts[name].append(attempt)
            if revised:
                self.revised[name] = attempt


@dataclass(frozen=True)
class Looking:
    """One attempt at each question, which the advisor looks at; what fails is counted."""

    student: Plugin
    advisor: Plugin
    count: Tally

    def at(
        self,
        asked: Sequence[tuple[Question, Prompt]],
        weights: Path,
        decoding: Decoding,
        seed: int,
        sampled: bool,
    ) -> dict[str, Attempt]:
        """The attempts by the checkpoint `weights`, by id; without those that failed."""
        prompts = [prompt for _, prompt in asked]
        drafted = self.count.generate(self.student, prompts, weights, decoding, seed)
        written = {prompt.id: completion for prompt, completion in drafted}
        drafts = [
            Draft(id=question.id, question=question, text=written[question.id].text)
            for question, _ in asked
            if question.id in written
        ]
        advised = self.count.advise(self.advisor, drafts)
        return {draft.id: _attempt(written[draft.id], said, sampled) for draft, said in advised}


def _attempt(written: Completion, said: Advice, sampled: bool) -> Attempt:
    """An answer that is cut off is never accepted: it would teach the student not to end."""
    whole = written.finish_reason == "stop" and bool(written.text.strip())
    return Attempt(
        text=written.text,
        finish_reason=written.finish_reason,
        correct=said.correct and whole,
        advice=said.advice,
        thought=written.thought,
        sampled=sampled,
    )
