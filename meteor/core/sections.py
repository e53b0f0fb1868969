"""The sections of `params.yaml`: one class for each, with what a user may set and what it means."""

from typing import Literal

from pydantic import model_validator

from meteor.core.controls import Controls
from meteor.core.revisions import Reteach, Revise, Reviser
from meteor.core.settings import Decoding, Field, InFull, Name, Schedule, Settings

Among = Literal["all", "untaught", "unsolved", "unasked"]


class Cleaning(Settings):
    """What the source's texts become, whatever the source."""

    markup: Literal["auto", "html", "markdown"] = Field(
        "auto", description="what they are written in; auto: HTML where a text begins with a block"
    )
    mask: bool = Field(
        True,
        description="mark e-mail addresses, telephone numbers and keys, as [e-mail address]",
    )
    language: str | None = Field(
        None, pattern="^[a-z]{2}$", description="keep only this one (ISO 639-1); null: all"
    )
    max_characters: int | None = Field(
        30_000, gt=0, description="longest title, body or answer, before it is read; null: no limit"
    )
    max_tokens: int | None = Field(
        None, gt=0, description="longest body or answer, tokens of the base model; null: no limit"
    )


class Duplicates(Settings):
    """Questions that stand twice, the same or nearly so: the share of common word triples."""

    near: float | None = Field(
        0.9, gt=0, le=1, description="above it the better-scored stays; null: exact ones only"
    )
    held_out: float | None = Field(
        0.75, gt=0, le=1, description="above it to a held-out one, none trains; null: all do"
    )


class Split(Settings):
    """Which questions are held out: by a hash of the id, so that new rows move no old ones."""

    test: float = Field(ge=0, lt=1, description="share of the questions for the test split")
    dev: float = Field(ge=0, lt=1, description="share of the questions for the dev split")
    salt: str = Field("", description="another salt gives another split")

    @model_validator(mode="after")
    def _leaves_training(self) -> "Split":
        if self.test + self.dev >= 1:
            raise ValueError(f"test {self.test} and dev {self.dev} leave nothing to train on")
        return self


class Guideline(Settings):
    """Phase 1: the student's guidelines."""

    enabled: bool = Field(True, description="false: none is written, the teacher answers without")
    decoding: Decoding


class Distill(Settings):
    """Phase 1: the teacher's answers."""

    questions: int | None = Field(
        None, gt=0, description="training questions that the teacher answers; null: all"
    )


class Finetune(Settings):
    """Phase 1: learning from the teacher's answers."""

    schedule: Schedule


class Iterate(Settings):
    """Phase 2: the same for every round."""

    questions: int | None = Field(gt=0, description="training questions a round; null: all")
    max_iterations: int = Field(gt=0, description="most attempts at one question")
    finetune_interval: int | None = Field(
        gt=0, description="fine-tune on every so many accepted answers; null: once, at the end"
    )
    in_flight: int = Field(gt=0, description="questions answered side by side; 1 as in the paper")
    drafts: int = Field(
        1, gt=0, description="most drafts of a question before any advice: one, then sampled ones"
    )
    sampling: Decoding = Field(
        Decoding(strategy="sample", temperature=1.0, top_p=1.0, top_k=0),
        description="how the further drafts are drawn",
    )
    learn: Literal["answers", "revisions", "both"] = Field(
        "answers",
        description="accepted answers train as answers to the question, as revisions along the "
        "advice where they are some, or as both",
    )
    replay: float = Field(
        0.0, ge=0, description="rows of phase 1 that train again beside each accepted answer"
    )
    set_aside: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the questions that phase 1 did not teach which no round asks, the "
        "same ones in all rounds, so that turns can take them (`among: unasked`)",
    )
    decoding: Decoding
    schedule: Schedule


class Round(Settings):
    """Phase 2: one round."""

    start: Name = Field(alias="from", description="the checkpoint that the round begins with")
    among: Among = Field(
        "all",
        description="which training questions it takes: untaught: whose answers trained in no "
        "phase 1; unsolved: of them, those of which no round has accepted an answer; unasked: of "
        "them, those that no round has asked, on the way to the checkpoint it begins with",
    )
    again: float = Field(
        0.0,
        ge=0,
        le=1,
        description="of `among: unsolved`: the share of the solved ones that it takes as well, so "
        "that what is known is asked more seldom, and not forgotten",
    )

    @model_validator(mode="after")
    def _some_are_left_out(self) -> "Round":
        if self.again and self.among != "unsolved":
            raise ValueError(f"again: goes with among: unsolved, not with {self.among}")
        return self


class Pairs(Settings):
    """Phase 3: which answers are compared."""

    questions: int | None = Field(gt=0, description="training questions a turn; null: all")
    chosen: Decoding
    rejected: Decoding
    keep: Literal["all", "verified"] = Field(
        "all",
        description="all as in the paper, or only pairs whose chosen answer the verifier finds "
        "right and whose rejected one it does not: the verifier supervises",
    )
    min_agreement: float = Field(
        0.0,
        ge=0,
        le=1,
        description="least share of the samples that agree with the chosen answer, where they vote",
    )
    same: Literal["drop", "keep"] = Field(
        "drop",
        description="pairs of two equal answers: no preference, but an answer to learn for a loss "
        "that learns the chosen one",
    )


class Explore(Settings):
    """Phase 3: other ways of answering the pairs' questions, measured and never trained on."""

    pairs: int | None = Field(gt=0, description="pairs a turn whose questions are asked; null: all")
    strategies: dict[Name, Decoding] = Field(description="ways of decoding, by a name of your own")


class Vet(Settings):
    """Phase 3: whether the high-FLOPs answers win, asked before they are trained on."""

    pairs: int | None = Field(gt=0, description="pairs a turn that are judged; null: all")
    min_win_rate: float = Field(ge=0, le=1, description="least share of wins, ties as half")
    below: Literal["fail", "keep", "warn"] = Field(
        description="what to do below it: end the stage, train nothing and keep the checkpoint "
        "that the turn begins with, or train all the same"
    )
    tie: float = Field(0.005, ge=0, description="overall scores that differ by less are a tie")


class Turn(Settings):
    """Phase 3: one turn."""

    start: Name = Field(alias="from", description="the checkpoint that writes the chosen answers")
    against: Name = Field(
        description="the one that writes the rejected answers: the same, or the "
        "one before it as in the paper"
    )
    among: Among = Field("all", description="which training questions it takes, as of a round")


class Selftrain(Settings):
    """Phase 3: learning from the pairs."""

    schedule: Schedule
    replay: float = Field(
        0.0,
        ge=0,
        description="rows of phase 1 that train again beside each pair, as pairs of two equal "
        "answers, which the losses `margin` and `sft` learn from",
    )


class GateSettings(Settings):
    """What new weights of phases 2 and 3 must not do worse than those before them."""

    by: Literal["auto", "correct", "likelihood"] = Field(
        "auto",
        description="what decides: how many dev questions are answered rightly, or how likely the "
        "dev questions' accepted answers are; auto: the former where a verifier is chosen",
    )
    level: float = Field(
        0.05,
        gt=0,
        lt=1,
        description="fewer right answers are refused where as many losses come by chance in less "
        "than this share of cases (McNemar's exact test, one-sided)",
    )
    decoding: Decoding = Field(Decoding(), description="how dev questions are answered")
    max_increase: float | None = Field(
        ge=0,
        description="of the dev answers' negative log-likelihood, as a share; null: not measured",
    )
    max_general_increase: float | None = Field(
        None,
        ge=0,
        description="of that of the general texts; null: measured with the rest, no limit",
    )
    above: Literal["fail", "keep", "warn"] = Field(
        description="end the stage, keep the weights before it, or go on"
    )

    @model_validator(mode="after")
    def _answers_again_alike(self) -> "GateSettings":
        if self.decoding.strategy not in ("greedy", "beam"):
            raise ValueError(
                f"decoding.strategy: {self.decoding.strategy!r} draws; a gate takes greedy or beam"
            )
        return self


class Evaluated(Settings):
    """One checkpoint that is evaluated."""

    before: Name = Field(
        description="the phase before it, which it is compared with besides base; base has itself"
    )


class Control(Settings):
    """Whether the judge can be believed: base's answers beside spoilt ones, which must lose."""

    answers: int = Field(gt=0, description="of base's answers, and of the labelled pairs")
    labelled: InFull = Field(description="file of right answers and ones near in words and wrong")
    least: float = Field(ge=0, le=1, description="share that the right answers must win")
    repeat: bool = Field(False, description="ask everything twice, to see how far it agrees")


class Quality(Settings):
    """What guidelines do to the teacher's answers."""

    questions: int = Field(gt=0, description="training questions answered without a guideline too")


class Evaluation(Settings):
    """How the held-out questions are answered, the same for every checkpoint."""

    decoding: Decoding


class Sections(Settings):
    """The sections of `params.yaml` that belong to stages: a new stage adds its own here."""

    cleaning: Cleaning = Cleaning()
    duplicates: Duplicates = Duplicates()
    split: Split
    guideline: Guideline
    distill: Distill = Distill()
    finetune: Finetune
    revise: Revise = Revise()
    reteach: Reteach = Reteach()
    revisers: dict[Name, Reviser] = Field({}, description="phase 1: checkpoints by name")
    iterate: Iterate
    rounds: dict[Name, Round] = Field(description="phase 2: checkpoints by name")
    pairs: Pairs
    explore: Explore
    vet: Vet
    selftrain: Selftrain
    turns: dict[Name, Turn] = Field(description="phase 3: checkpoints by name")
    controls: Controls = Controls()
    gate: GateSettings
    evaluate: dict[Name, Evaluated] = Field(
        min_length=1, description="checkpoints to answer, judge and compare"
    )
    answer: Evaluation
    control: Control
    quality: Quality
