"""`params.yaml`: every choice of the user, validated as a whole before any work begins."""

from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import model_validator

from meteor.core.domain import PLAIN, Domain
from meteor.core.errors import SettingsError
from meteor.core.parts import Base, Local, Role, Source, Verifier
from meteor.core.sections import Name, Sections
from meteor.core.settings import Api, Decoding, Field, parse_settings
from meteor.core.yaml12 import parse_yaml

PARAMS_FILE = Path("params.yaml")


class Params(Sections):
    """All of `params.yaml`."""

    seed: int = Field(ge=0, description="of every random choice but the trainings'")
    training_seed: int = Field(ge=0, description="of the trainings")
    max_failed_fraction: float = Field(ge=0, le=1, description="a stage fails above it")
    api: Api = Field(Api(), description="how endpoints are called, whatever they are asked")
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
        rounds = {name: step.start for name, step in self.rounds.items()}
        turns = {name: step.start for name, step in self.turns.items()}
        return {"sft": "base", **rounds, **turns}

    @property
    def advice_is_verified(self) -> bool:
        """Whether the advisor asks the verifier."""
        return self.advisor.plugin == "verifier" or bool(
            (self.advisor.chosen or {}).get("verified")
        )

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
            f"advisor.{self.advisor.plugin}.verified: true": self.advice_is_verified,
            "judge.plugin: 'verifier'": self.judge.plugin == "verifier",
            "pairs.keep: 'verified'": self.pairs.keep == "verified",
            **{f"{k}.agreement: 'result'": d.agreement == "result" for k, d in self._compared()},
        }
        for key, needed in asked.items():
            if needed:
                raise ValueError(f"{key} asks the verifier, and verifier.plugin chooses none")
        return self

    @model_validator(mode="after")
    def _results_are_counted_where_they_can_be(self) -> "Params":
        for key in ("guideline", "iterate", "answer"):
            decoding = getattr(self, key).decoding
            if decoding and decoding.agreement == "result":
                raise ValueError(f"{key}.decoding.agreement: 'result' is for pairs and explore")
        return self

    def _compared(self) -> Iterator[tuple[str, Decoding]]:
        """The decodings of phase 3, with their keys."""
        yield "pairs.chosen", self.pairs.chosen
        yield "pairs.rejected", self.pairs.rejected
        for name, decoding in self.explore.strategies.items():
            yield f"explore.strategies.{name}", decoding

    @model_validator(mode="after")
    def _checkpoints_hang_together(self) -> "Params":
        taken = {"base", "sft"}
        for section, steps in (("rounds", self.rounds), ("turns", self.turns)):
            for name in steps:
                if name in taken:
                    raise ValueError(
                        f"{section}.{name}: there is a checkpoint of this name already"
                    )
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

    def _mentions(self) -> list[tuple[str, str]]:
        """Every place that names a checkpoint, with the name."""
        starts = [(f"rounds.{name}.from", step.start) for name, step in self.rounds.items()]
        starts += [(f"turns.{name}.from", step.start) for name, step in self.turns.items()]
        starts += [(f"turns.{name}.against", step.against) for name, step in self.turns.items()]
        return starts + [("evaluate", name) for name in self.evaluate]


def load_params(file: Path = PARAMS_FILE) -> Params:
    """Read and validate the file. Raises SettingsError that names file and key."""
    try:
        raw = parse_yaml(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not valid YAML: {' '.join(str(error).split())}") from None
    return parse_settings(Params, raw, file)
