"""What judges say: scores of one answer in five dimensions, preferences between two."""

from typing import Literal

from pydantic import Field

from meteor.core.records import Question, Record, Text

Dimension = Literal["accuracy", "completeness", "relevance", "coherence", "reliability"]
DIMENSIONS: tuple[Dimension, ...] = (
    "accuracy",
    "completeness",
    "relevance",
    "coherence",
    "reliability",
)
Aspect = Dimension | Literal["overall"]
ASPECTS: tuple[Aspect, ...] = (*DIMENSIONS, "overall")


class Scores(Record):
    """The five dimensions of the paper's evaluation, 1 (worst) to 10 (best)."""

    accuracy: float = Field(ge=1, le=10)
    completeness: float = Field(ge=1, le=10)
    relevance: float = Field(ge=1, le=10)
    coherence: float = Field(ge=1, le=10)
    reliability: float = Field(ge=1, le=10)

    @property
    def overall(self) -> float:
        """The mean of the five dimensions."""
        return sum(self.get(name) for name in DIMENSIONS) / len(DIMENSIONS)

    def get(self, dimension: Dimension) -> float:
        """The score in one dimension."""
        score: float = getattr(self, dimension)
        return score


def _none(value: object) -> bool:
    return not value


class Judgement(Record):
    """A judge's scores for one answer; `reasons` justifies each dimension, `votes` has what each
    judge of a jury gave.
    """

    id: Text
    scores: Scores
    reasons: dict[Dimension, str] = Field(default_factory=dict)
    votes: dict[str, Scores] = Field(default_factory=dict, exclude_if=_none)


class Comparison(Record):
    """Two answers to one question, side by side in one order. `id` names question, opponent and
    order; nothing says who wrote what. `sample` tells apart comparisons that are asked again.
    """

    id: Text
    question: Question
    first: str
    second: str
    sample: int = 0


class Shares(Record):
    """What one of two answers gets of a preference: 1 where it is better, 0 where the other is,
    0.5 for a tie. A judge that gives probabilities gives these.
    """

    accuracy: float = Field(ge=0, le=1)
    completeness: float = Field(ge=0, le=1)
    relevance: float = Field(ge=0, le=1)
    coherence: float = Field(ge=0, le=1)
    reliability: float = Field(ge=0, le=1)
    overall: float = Field(ge=0, le=1)

    def get(self, aspect: Aspect) -> float:
        """The share in one dimension, or overall."""
        share: float = getattr(self, aspect)
        return share


class Compared(Record):
    """A judge's verdict on a comparison; `shares` are those of the answer shown first, `votes`
    what each judge of a jury gave it.
    """

    id: Text
    shares: Shares
    reasons: dict[Aspect, str] = Field(default_factory=dict)
    votes: dict[str, Shares] = Field(default_factory=dict, exclude_if=_none)


class Preference(Record):
    """How a checkpoint's answer compares with that of another, asked in both orders.

    `first` are its shares when its answer was shown first, `second` when it was shown second.
    `same`: both answers are one text, a tie, and nobody was asked. The votes are those of the
    judges of a jury.
    """

    id: Text
    against: Text
    first: Shares
    second: Shares
    first_reasons: dict[Aspect, str] = Field(default_factory=dict)
    second_reasons: dict[Aspect, str] = Field(default_factory=dict)
    first_votes: dict[str, Shares] = Field(default_factory=dict, exclude_if=_none)
    second_votes: dict[str, Shares] = Field(default_factory=dict, exclude_if=_none)
    same: bool = False

    @property
    def key(self) -> str:
        """A question stands once for each opponent."""
        return f"{self.id} against {self.against}"

    def flips(self, aspect: Aspect) -> bool:
        """Whether the order turns a win into a loss: each time the same place won."""
        return (self.first.get(aspect) - 0.5) * (self.second.get(aspect) - 0.5) < 0

    def inconsistent(self, aspect: Aspect) -> bool:
        """Whether the order changes the verdict at all: win, tie or loss."""
        first, second = self.first.get(aspect), self.second.get(aspect)
        return (first > 0.5, first < 0.5) != (second > 0.5, second < 0.5)

    def share(self, aspect: Aspect) -> float:
        """The share over both orders: a verdict that flips is a tie, else their mean."""
        if self.flips(aspect):
            return 0.5
        return (self.first.get(aspect) + self.second.get(aspect)) / 2
