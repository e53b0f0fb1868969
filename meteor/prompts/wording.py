"""The prompts of the method, in the words of the user's templates.

Each function reads the templates of one kind and gives the function that words a prompt. The
shipped templates follow the figures of the paper: the guideline and the distillation prompt of
section 3.1, draft, advice and revision of section 3.2. Chat templates are applied by whoever holds
the tokenizer.
"""

from collections.abc import Callable
from typing import Protocol

from meteor.core.domain import Domain
from meteor.core.records import Attempt, Example, Message, Prompt, Question
from meteor.prompts.kinds import load

Asking = Callable[[Question], Prompt]


class Exampling(Protocol):
    """Words a question as the student is asked it, with an answer to learn or to be weighed."""

    def __call__(self, question: Question, text: str, thought: str | None = None) -> Example:
        """The example; `thought` is what stood before the answer."""


def guideline(domain: Domain) -> Asking:
    """The student is asked how an expert would go about the answer, not for the answer."""
    return _asking("guideline", domain)


def distillation(domain: Domain) -> Callable[[Question, str], Prompt]:
    """The teacher is asked to answer along the student's guideline."""
    wording = load("distillation", domain)
    return lambda question, text: Prompt(
        id=question.id, messages=wording.turns(question, guideline=text)
    )


def unguided(domain: Domain) -> Asking:
    """The teacher is asked without a guideline."""
    return _asking("unguided", domain)


def answer(domain: Domain) -> Asking:
    """The student is asked to answer with its reasoning: for training and for every evaluation."""
    return _asking("answer", domain)


def example(domain: Domain) -> Exampling:
    """The question as the student is asked it, and an answer to learn or to be weighed."""
    asking = answer(domain)

    def word(question: Question, text: str, thought: str | None = None) -> Example:
        return Example(id=question.id, prompt=asking(question), answer=text, thought=thought)

    return word


def revision(domain: Domain) -> Callable[[Question, Attempt], Prompt]:
    """The student sees its own answer and the advice, and answers again."""
    asking, wording = answer(domain), load("revision", domain)

    def revise(question: Question, attempt: Attempt) -> Prompt:
        own = Message(role="assistant", content=attempt.text)
        cut_off = attempt.finish_reason == "length"
        replies = wording.turns(
            question,
            advice=attempt.advice,
            cut_off=cut_off,
            empty=not attempt.text.strip() and not cut_off,
        )
        asked = asking(question).messages
        return Prompt(id=question.id, messages=(*asked, own, *replies))

    return revise


def _asking(kind: str, domain: Domain) -> Asking:
    wording = load(kind, domain)
    return lambda question: Prompt(id=question.id, messages=wording.turns(question))
