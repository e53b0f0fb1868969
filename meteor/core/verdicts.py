"""What a verifier says of an answer: a record like the others, joined by `id`."""

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
