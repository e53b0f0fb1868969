"""From judgements to numbers: means, win rates and the table row of a checkpoint."""

from collections.abc import Sequence

from meteor.core.records import DIMENSIONS, Answer, Judgement

TIE = 0.005
"""Scores (1 to 10) that differ by less are a tie."""


def win_rate(scores: Sequence[float], others: Sequence[float]) -> float | None:
    """Share of rows in which the first score is higher, ties as half; None for no rows."""
    if not scores:
        return None
    wins = sum(
        0.5 if abs(mine - other) < TIE else float(mine > other)
        for mine, other in zip(scores, others, strict=True)
    )
    return wins / len(scores)


def mean(values: Sequence[float]) -> float | None:
    """The mean; None for no values."""
    return sum(values) / len(values) if values else None


def summarise(
    answers: Sequence[Answer], judgements: Sequence[Judgement], base: Sequence[Judgement]
) -> dict[str, float | int | None]:
    """The metrics of one checkpoint; joins are by id.

    `<dimension>` and `overall` are mean scores over the judged answers, `win_<dimension>` the win
    rates over the answers that are judged here and for base, `nll` the mean negative
    log-likelihood of the experts' answers (nats a token), `tflops` and `words` means an answer.
    """
    ours = {row.id: row.scores for row in judgements}
    theirs = {row.id: row.scores for row in base}
    both = [identifier for identifier in ours if identifier in theirs]
    wins = {
        f"win_{name}": win_rate(
            [ours[i].get(name) for i in both], [theirs[i].get(name) for i in both]
        )
        for name in DIMENSIONS
    }
    table: dict[str, float | int | None] = {
        **{name: mean([s.get(name) for s in ours.values()]) for name in DIMENSIONS},
        "overall": mean([s.overall for s in ours.values()]),
        **wins,
        "nll": reference_nll(answers),
        "words": mean([len(answer.text.split()) for answer in answers]),
        "cut_off": mean([float(answer.finish_reason == "length") for answer in answers]),
        "tflops": mean([answer.flops / 1e12 for answer in answers if answer.flops is not None]),
        "answers": len(answers),
        "unjudged": len(answers) - len(ours),
    }
    return {name: round(v, 4) if isinstance(v, float) else v for name, v in table.items()}


def reference_nll(answers: Sequence[Answer]) -> float | None:
    """Negative log-likelihood per token over all expert answers, in nats; None for none."""
    rows = [(a.reference_nll, a.reference_tokens) for a in answers]
    known = [(nll, tokens) for nll, tokens in rows if nll is not None and tokens is not None]
    tokens = sum(count for _, count in known)
    return sum(nll for nll, _ in known) / tokens if tokens else None
