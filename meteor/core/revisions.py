"""The sections of `params.yaml` about learning to revise, from the answers that phase 1 taught."""

from meteor.core.settings import Decoding, Field, Name, Schedule, Settings

REVISED = "#revision"
"""What stands after the id of a question in that of an example which revises a draft."""


class Revise(Settings):
    """Phase 1: the wrong drafts that taught answers are revisions of."""

    questions: int | None = Field(
        None, gt=0, description="taught questions that are drafted again; null: all"
    )
    drafts: int = Field(
        4, gt=0, description="most drafts of a question until one is wrong: one, then sampled ones"
    )
    decoding: Decoding = Field(Decoding(), description="how the first draft is written")
    sampling: Decoding = Field(
        Decoding(strategy="sample", temperature=1.0, top_p=1.0, top_k=0),
        description="how the further drafts are drawn",
    )


class Reteach(Settings):
    """Phase 1: learning the revisions, beside the plain answers."""

    plain: float = Field(
        1.0, ge=0, le=1, description="share of the rows that phase 1 taught which train beside them"
    )
    schedule: Schedule = Schedule(epochs=1, learning_rate=1.0e-4)


class Reviser(Settings):
    """Phase 1: a checkpoint that is taught to revise."""

    start: Name = Field(
        alias="from", description="the checkpoint that writes the drafts, and that learns"
    )
