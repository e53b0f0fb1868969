"""`params.yaml`: every choice of the user, validated as a whole before any work begins."""

from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import model_validator

from meteor.core.controls import RoundControl, TurnControl
from meteor.core.domain import PLAIN, Domain
from meteor.core.errors import SettingsError
from meteor.core.parts import Base, Local, Role, Source, Verifier, verifies
from meteor.core.sections import Round, Sections, Turn
from meteor.core.settings import Api, Compute, Decoding, Field, Name, parse_settings
from meteor.core.yaml12 import no_yaml, parse_yaml

PARAMS_FILE = Path("params.yaml")


class Params(Sections):
    """All of `params.yaml`."""

    seed: int = Field(ge=0, description="of every random choice but the trainings'")
    training_seed: int = Field(ge=0, description="of the trainings")
    max_failed_fraction: float = Field(ge=0, le=1, description="a stage fails above it")
    api: Api = Field(Api(), description="how endpoints are called, whatever they are asked")
    compute: Compute = Field(Compute(), description="where models of one's own write and weigh")
    observers: list[Name] = Field(["progress"], description="who is told of a stage's progress")

    domain: Domain = PLAIN
    source: Source
    base: Base
    student: Role
    teacher: Local
    advisor: Role
    judge: Role
    verifier: Verifier = Verifier(plugin="none")
    sft: Role
    pairwise: Role

    @property
    def before(self) -> dict[str, str]:
        """Every checkpoint but base, and the one that it was trained from."""
        revisers = {name: step.start for name, step in self.revisers.items()}
        rounds = {name: step.start for name, step in self.rounds.items()}
        turns = {name: step.start for name, step in self.turns.items()}
        controls = {name: each.start for _, name, each in self._controls()}
        return {"sft": "base", **revisers, **rounds, **turns, **controls}

    def lineage(self, checkpoint: str) -> list[str]:
        """The checkpoints that `checkpoint` was trained from, base first, itself last."""
        line = [checkpoint]
        while line[0] in self.before and len(line) <= len(self.before):
            line.insert(0, self.before[line[0]])
        return line

    @model_validator(mode="after")
    def _somebody_verifies(self) -> "Params":
        if self.verifier.plugin != "none":
            return self
        asked = {
            "advisor.plugin: 'verifier'": self.advisor.plugin == "verifier",
            f"advisor.{self.advisor.plugin}.verified: true": verifies(self.advisor),
            "judge.plugin: 'verifier'": self.judge.plugin == "verifier",
            "pairs.keep: 'verified'": self.pairs.keep == "verified",
            "gate.by: 'correct'": self.gate.by == "correct",
            **{f"{k}.agreement: 'result'": d.agreement == "result" for k, d in self._compared()},
        }
        for key, needed in asked.items():
            if needed:
                raise ValueError(f"{key} asks the verifier, and verifier.plugin chooses none")
        return self

    @model_validator(mode="after")
    def _results_are_counted_where_they_can_be(self) -> "Params":
        for key in ("guideline", "revise", "iterate", "answer"):
            decoding = getattr(self, key).decoding
            if decoding and decoding.agreement == "result":
                raise ValueError(f"{key}.decoding.agreement: 'result' is for pairs and explore")
        return self

    @model_validator(mode="after")
    def _somebody_votes(self) -> "Params":
        if self.pairs.min_agreement and self.pairs.chosen.agreement != "result":
            raise ValueError(
                "pairs.min_agreement: nobody votes; set pairs.chosen to {strategy: mbr, agreement: "
                "result}"
            )
        return self

    def decodings(self) -> Iterator[tuple[str, Decoding]]:
        """Every way in which the student is asked to write, with its key."""
        if self.guideline.enabled:
            yield "guideline.decoding", self.guideline.decoding
        if self.revisers:
            yield "revise.decoding", self.revise.decoding
        if self.revisers and self.revise.drafts > 1:
            yield "revise.sampling", self.revise.sampling
        if self.rounds:
            yield "iterate.decoding", self.iterate.decoding
        if self.rounds and self.iterate.drafts > 1:
            yield "iterate.sampling", self.iterate.sampling
        if self.turns:
            yield from self._compared()
        verifies = self.verifier.plugin != "none" and self.gate.by != "likelihood"
        if verifies and (self.revisers or self.rounds or self.turns):
            yield "gate.decoding", self.gate.decoding
        yield "answer.decoding", self.answer.decoding

    def _compared(self) -> Iterator[tuple[str, Decoding]]:
        """The decodings of phase 3, with their keys."""
        yield "pairs.chosen", self.pairs.chosen
        yield "pairs.rejected", self.pairs.rejected
        for name, decoding in self.explore.strategies.items():
            yield f"explore.strategies.{name}", decoding

    @model_validator(mode="after")
    def _checkpoints_hang_together(self) -> "Params":
        taken = {"base", "sft"}
        named = [(f"revisers.{name}", name) for name in self.revisers]
        named += [(key, key.partition(".")[2]) for key, _ in self.steps()]
        for key, name in [*named, *((key, name) for key, name, _ in self._controls())]:
            if name in taken:
                raise ValueError(f"{key}: there is a checkpoint of this name already")
            taken.add(name)
        for name, start in self._mentions():
            if start not in taken:
                raise ValueError(f"{name}: there is no checkpoint {start!r}")
        for name in self.before:
            if self.lineage(name)[0] != "base":
                raise ValueError(f"{name} would be trained from itself: {self.lineage(name)}")
        if "base" not in self.evaluate:
            raise ValueError("evaluate: add 'base', which every win rate is measured against")
        for name, step in self.evaluate.items():
            if step.before not in self.evaluate:
                raise ValueError(
                    f"evaluate.{name}.before: {step.before!r} is not evaluated; add it to "
                    "`evaluate`, or name another checkpoint"
                )
            if step.before == name != "base":
                raise ValueError(f"evaluate.{name}.before: names {name!r} itself")
        return self

    @model_validator(mode="after")
    def _controls_are_of_something(self) -> "Params":
        for key, _, each in self._controls():
            way = self.lineage(each.of)
            if each.start not in way[:-1]:
                raise ValueError(
                    f"{key}.from: {each.of!r} does not come from {each.start!r}, but by way of "
                    f"{' > '.join(way)}"
                )
            if isinstance(each, TurnControl):
                if each.of not in self.turns or each.start != self.turns[each.of].start:
                    raise ValueError(f"{key}: name a turn in `of`, and where it begins in `from`")
            elif each.kind == "answers" and not set(way[way.index(each.start) + 1 :]) & set(
                self.rounds
            ):
                raise ValueError(
                    f"{key}: there is no round between {each.start!r} and {each.of!r}, so no "
                    "answer was accepted"
                )
        return self

    @model_validator(mode="after")
    def _questions_are_left(self) -> "Params":
        for key, step in self.steps():
            way = self.lineage(step.start)
            rounds = [name for name in way if name in self.rounds]
            taught = {"sft", *self.revisers} & set(way)
            if step.among != "all" and taught and self._teaches_all():
                raise ValueError(
                    f"{key}.among: {step.among!r} leaves no question: the teacher answers all of "
                    "them (distill.questions: null)"
                )
            asks_all = self.iterate.questions is None and not self.iterate.set_aside
            if step.among == "unasked" and rounds and asks_all:
                raise ValueError(
                    f"{key}.among: 'unasked' leaves no question: {rounds[0]} asks all of them; set "
                    "iterate.set_aside, or iterate.questions"
                )
        return self

    def _teaches_all(self) -> bool:
        """Whether phase 1 teaches every training question; one that fails is left over."""
        return self.distill.questions is None and not self.max_failed_fraction

    def steps(self) -> Iterator[tuple[str, Round | Turn]]:
        """The rounds and turns, each with its key."""
        yield from ((f"rounds.{name}", step) for name, step in self.rounds.items())
        yield from ((f"turns.{name}", step) for name, step in self.turns.items())

    def _controls(self) -> Iterator[tuple[str, str, RoundControl | TurnControl]]:
        """The controls, each with its key and its name."""
        for section in ("rounds", "turns"):
            for name, each in getattr(self.controls, section).items():
                yield f"controls.{section}.{name}", name, each

    def _mentions(self) -> list[tuple[str, str]]:
        """Every place that names a checkpoint, with the name."""
        starts = [(f"revisers.{name}.from", step.start) for name, step in self.revisers.items()]
        starts += [(f"{key}.from", step.start) for key, step in self.steps()]
        starts += [(f"turns.{name}.against", step.against) for name, step in self.turns.items()]
        for key, _, each in self._controls():
            starts += [(f"{key}.from", each.start), (f"{key}.of", each.of)]
        return starts + [("evaluate", name) for name in self.evaluate]


def load_params(file: Path = PARAMS_FILE) -> Params:
    """Read and validate the file. Raises SettingsError that names file and key."""
    try:
        raw = parse_yaml(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(no_yaml(file, error)) from None
    return parse_settings(Params, raw, file)
