"""What a verifier says of an answer: a record like the others, joined by `id`."""

from dataclasses import dataclass

from meteor.core.records import Record, Text


class Verdict(Record):
    """What came out when an answer was run or read by a program.

    `passed` is None where the question has no `check`. `feedback` says what is wrong in words that
    the student may read, and never contains the expected answer. `result` is what the answer comes
    to, whatever is expected (the rows that a query gives, the number that a sum gives), written so
    that equal results are equal texts; None where it comes to nothing.
    """

    id: Text
    passed: bool | None
    feedback: str = ""
    result: str | None = None


@dataclass(frozen=True)
class Shift:
    """Right answers of two checkpoints to the same `questions`: those of the one `before`, those
    of the one `after`, and how many only the latter (`gained`) or only the former (`lost`) has.
    """

    questions: int
    before: int
    after: int
    gained: int
    lost: int

    @property
    def p(self) -> float:
        """How likely as many losses among what changed are by chance: McNemar's exact test,
        one-sided. 1 where nothing changed.
        """
        from scipy.stats import binomtest

        changed = self.gained + self.lost
        return (
            float(binomtest(self.lost, changed, alternative="greater").pvalue) if changed else 1.0
        )

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the change of the share, exact given how many answers changed."""
        from scipy.stats import binomtest

        changed = self.gained + self.lost
        if not changed:
            return 0.0, 0.0
        ends = binomtest(self.gained, changed).proportion_ci()
        low, high = (
            (2 * end - 1) * changed / self.questions for end in (float(ends.low), float(ends.high))
        )
        return low, high
