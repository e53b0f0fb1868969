"""From answers and judgements to numbers: means, what an absent judgement leaves open, copies."""

import re
from collections.abc import Iterable, Sequence

from meteor.core.judgements import Aspect, Judgement, Preference
from meteor.core.likelihood import nats_per_token
from meteor.core.records import Answer, Likelihood
from meteor.core.texts import sentences
from meteor.evaluation.intervals import share_interval
from meteor.evaluation.preferences import mean, sources

WORST, BEST = 1.0, 10.0


def scores(judgements: Iterable[Judgement], aspect: Aspect) -> list[float]:
    """The scores in one dimension, or overall."""
    return [
        row.scores.overall if aspect == "overall" else row.scores.get(aspect) for row in judgements
    ]


def bounds(known: Sequence[float], unjudged: int) -> tuple[float | None, float | None]:
    """The mean score if every unjudged answer were worth the least, and the most."""
    if not known and not unjudged:
        return None, None
    count = len(known) + unjudged
    return (sum(known) + WORST * unjudged) / count, (sum(known) + BEST * unjudged) / count


def summarise(
    answers: Sequence[Answer],
    judgements: Sequence[Judgement],
    preferences: Sequence[Preference],
    general: Sequence[Likelihood] = (),
) -> dict[str, float | None]:
    """The metrics of one checkpoint, a row that fits a screen.

    `overall` is the mean score over the judged answers and the five dimensions, `win_rate` the
    overall one against base with its 95 % interval, `nll` the mean negative
    log-likelihood of the experts' answers (nats a token), `general_nll` that of the general
    texts, `words` the mean length, `cut_off` the
    share of answers that ran into the token limit.
    """
    source = sources([answer.question for answer in answers])
    compared = [row for row in preferences if row.against == "base"]
    shares = [row.share("overall") for row in compared]
    low = high = None
    if not all(row.same for row in compared):  # base beside itself leaves nothing to chance
        low, high = share_interval(shares, [source.get(row.id, row.id) for row in compared])
    table = {
        "overall": mean(scores(judgements, "overall")),
        "win_rate": mean(shares),
        "win_low": low,
        "win_high": high,
        "nll": reference_nll(answers),
        "general_nll": nats_per_token(general),
        "words": mean([float(len(answer.text.split())) for answer in answers]),
        "cut_off": mean([float(answer.finish_reason == "length") for answer in answers]),
    }
    return {name: None if v is None else round(v, 3) for name, v in table.items()}


def reference_nll(answers: Sequence[Answer]) -> float | None:
    """Negative log-likelihood per token over all expert answers, in nats; None for none."""
    rows = [(a.reference_nll, a.reference_tokens) for a in answers]
    known = [(nll, tokens) for nll, tokens in rows if nll is not None and tokens is not None]
    tokens = sum(count for _, count in known)
    return sum(nll for nll, _ in known) / tokens if tokens else None


def tflops(answers: Sequence[Answer]) -> float | None:
    """Mean computation of one answer, where it is known."""
    return mean([answer.flops / 1e12 for answer in answers if answer.flops is not None])


def copies(answers: Sequence[Answer], training: Iterable[str]) -> tuple[float | None, float | None]:
    """The share of answers that are a training answer word for word, and the share of their
    sentences (of at least five words) that stand in one; case and punctuation do not count.
    """
    texts = list(training)
    whole = {_plain(text) for text in texts}
    parts = {_plain(part) for text in texts for part in sentences(text)}
    written = [_plain(part) for answer in answers for part in sentences(answer.text)]
    long = [part for part in written if len(part.split()) >= 5]
    return (
        mean([float(_plain(answer.text) in whole) for answer in answers]),
        mean([float(part in parts) for part in long]),
    )


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
