"""The kinds of prompts: which file words each, what it may name, and what it may not leave out.

A template is tried when it is read, with a question that has everything and with one that has
nothing but a title, so that what is wrong with it is known before anything is paid.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from meteor.core.domain import Domain
from meteor.core.errors import SettingsError
from meteor.core.records import Message, Question
from meteor.prompts.template import Sealed, Template, read_template

SHARED = {
    "question": "title, body and category of the question",
    "field": "what the question is about, in words",
    "domain": "name, about and language of the section `domain`",
}
VERDICT = {
    "reference": "the accepted answer, where there is one and it may be shown; else empty",
    "warning": "what the reader is told about the seal",
    "form": "the form of the verdict",
}


@dataclass(frozen=True)
class Kind:
    """A kind of prompts: whom it asks, what for, and the names that its template has besides
    `SHARED`. A `chat` may have several turns, a `verdict` a system turn and one of the user, a
    `reply` follows turns that stand already. `at_times` are sealed, too, or empty.
    """

    role: Literal["student", "teacher", "advisor", "judge"]
    form: Literal["chat", "verdict", "reply"]
    sealed: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    at_times: tuple[str, ...] = ()

    @property
    def names(self) -> dict[str, str]:
        """What a template of this kind may name."""
        own = dict.fromkeys((*self.sealed, *self.texts, *self.flags, *self.at_times), "")
        return SHARED | own | (VERDICT if self.form == "verdict" else {})


KINDS: dict[str, Kind] = {
    "guideline": Kind("student", "chat"),
    "distillation": Kind("teacher", "chat", texts=("guideline",)),
    "unguided": Kind("teacher", "chat"),
    "answer": Kind("student", "chat"),
    "advice": Kind("advisor", "verdict", sealed=("answer",), at_times=("finding",)),
    "revision": Kind("student", "reply", texts=("advice",), flags=("cut_off", "empty")),
    "judge-score": Kind("judge", "verdict", sealed=("answer",)),
    "judge-preference": Kind("judge", "verdict", sealed=("first", "second")),
}
PLAIN = Question(id="plain", title="[a title]")
WHOLE = PLAIN.model_copy(
    update={"body": "[a body]", "category": "[a category]", "answer": "[an accepted answer]"}
)


@dataclass(frozen=True)
class Wording:
    """One kind of prompts in the user's words."""

    kind: Kind
    template: Template
    domain: Domain
    about: str

    def turns(self, question: Question, **texts: object) -> tuple[Message, ...]:
        """The turns about a question; `texts` are what the kind has besides."""
        shown = {"title": question.title, "body": question.body, "category": question.category}
        domain = {
            "name": self.domain.name,
            "about": self.about,
            "language": self.domain.language or "",
        }
        field = self.domain.field(question.category)
        return self.template.render({"question": shown, "field": field, "domain": domain, **texts})

    def verdict(
        self,
        question: Question,
        answers: Mapping[str, str],
        around: Callable[[str], str],
        **texts: str,
    ) -> tuple[str, str]:
        """The system turn (empty where there is none) and the question for a verdict on sealed
        answers. Raises SettingsError where an answer, the warning or the form is left out.
        """
        sealed = {name: Sealed(name, text, around) for name, text in answers.items()}
        empty = dict.fromkeys(self.kind.at_times, "")
        *system, asked = self.turns(question, **{**empty, **sealed, **texts})
        due = {name: around(text) for name, text in answers.items()}
        for name, text in (due | {n: texts[n] for n in ("warning", "form")}).items():
            if text not in asked.content:
                how = f"{name} | sealed" if name in answers else name
                raise self.template.fault(None, f"leaves out {{{{ {how} }}}}")
        return "".join(turn.content for turn in system), asked.content


def load(name: str, domain: Domain) -> Wording:
    """The wording of a kind of prompts, out of `domain.prompts`. Raises SettingsError with file and
    line where the template is not valid, or leaves out what it has to show.
    """
    kind = KINDS[name]
    template = read_template(domain.prompts / f"{name}.md", kind.names)
    wording = Wording(kind, template, domain, _about(domain))
    roles = [turn.role for turn in template.turns]
    if kind.form != "chat" and (
        "assistant" in roles or (kind.form == "reply" and roles != ["user"])
    ):
        most = (
            "one turn of system and one of user" if kind.form == "verdict" else "one turn of user"
        )
        raise template.fault(None, f"has at most {most}")
    for question in (PLAIN, WHOLE):
        _try(wording, question)
    return wording


def check_prompts(domain: Domain) -> list[str]:
    """Read every template; the names of their kinds. Raises SettingsError as `load`."""
    return [name for name in KINDS if load(name, domain)]


def files_of(domain: Domain) -> list[Path]:
    """The files that word the prompts."""
    return [domain.about, *(domain.prompts / f"{name}.md" for name in KINDS)]


def _about(domain: Domain) -> str:
    try:
        return domain.about.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise SettingsError(
            f"params.yaml: domain.about: {domain.about} cannot be read ({reason})"
        ) from None


def _try(wording: Wording, question: Question) -> None:
    kind, template = wording.kind, wording.template
    texts = {name: f"[{name} of a trial]" for name in kind.texts}
    if kind.form == "verdict":
        also = [name for name in kind.at_times if name in template.mentions and question.body]
        seals = {name: f"[{name} of a trial]" for name in (*kind.sealed, *also)}
        due = {"reference": question.answer or "", "warning": "[warning]", "form": "[form]"}
        system, asked = wording.verdict(question, seals, lambda text: f"<a>{text}</a>", **due)
        messages: tuple[Message, ...] = (Message(role="user", content=system + asked),)
    else:
        messages = wording.turns(
            question, **texts, **dict.fromkeys(kind.flags, bool(question.body))
        )
    whole = "\n".join(message.content for message in messages)
    if not messages or messages[-1].role != "user":
        raise template.fault(None, "the last turn comes to nothing")
    if kind.form != "reply":
        texts = {"question.title": question.title, **texts}
    for name, text in texts.items():
        if text not in whole:
            raise template.fault(None, f"leaves out {{{{ {name} }}}}")
    if kind.form == "reply" or not question.body:
        return
    if question.body not in whole:
        raise template.fault(None, "leaves out {{ question.body | shorten }}")
    cuts = [m.content[slice(*m.cut)] for m in messages if m.cut]
    if kind.form == "chat" and not any(question.body in cut for cut in cuts):
        raise template.fault(
            None, "does not say where a long question is shortened: {{ question.body | shorten }}"
        )
