"""Evolution: how the model changed over the phases, as tables for plots.

Reads all answers, judgements, preferences, verdicts, refinements and general likelihoods, and the
training answers; writes one CSV for each plot.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from meteor.core.jsonl import read_records
from meteor.core.judgements import ASPECTS, Aspect, Judgement, Preference
from meteor.core.likelihood import nats_per_token
from meteor.core.records import Answer, Distilled, Likelihood, Refinement
from meteor.core.tables import write_table
from meteor.core.verdicts import Verdict
from meteor.evaluation.correctness import SHARE, Correctness, Right, right, share
from meteor.evaluation.correctness import table as correctness
from meteor.evaluation.forgetting import Change, change
from meteor.evaluation.intervals import score_interval
from meteor.evaluation.preferences import (
    ALL,
    WinRate,
    adjusted,
    mean,
    sources,
    win_rates,
    with_scores,
)
from meteor.evaluation.scores import bounds, copies, reference_nll, scores, summarise, tflops
from meteor.running.stage import Stage, run_stage

Row = Mapping[str, object]


def evolution(
    stage: Stage,
    answers: Path,
    judgements: Path,
    preferences: Path,
    verdicts: Path,
    general: Path,
    refinements: Path,
    distilled: Path,
    dimensions: Path,
    comparisons: Path,
    correct: Path,
    categories: Path,
    phases: Path,
    acceptance: Path,
) -> None:
    params = stage.params
    names, iterations = list(params.evaluate), params.iterate.max_iterations
    written = {n: list(read_records(answers / f"{n}.jsonl", Answer)) for n in names}
    judged = {n: list(read_records(judgements / f"{n}.jsonl", Judgement)) for n in names}
    preferred = {n: list(read_records(preferences / f"{n}.jsonl", Preference)) for n in names}
    known = {n: right(read_records(verdicts / f"{n}.jsonl", Verdict)) for n in names}
    likely = {n: list(read_records(general / f"{n}.jsonl", Likelihood)) for n in names}
    training = [row.answer for row in read_records(distilled, Distilled)]
    compared = (row for n in names for row in win_rates(n, written, preferred[n]))
    rates = adjusted([with_scores(row, written[row.model], judged) for row in compared])
    against_base = {
        (row.model, row.dimension): row.win_rate
        for row in rates
        if row.against == "base" and row.category == ALL
    }
    _write(comparisons, WinRate.__dataclass_fields__, (row.row() for row in rates))
    rivals = {n: (params.evaluate[n].before, "base") for n in names}
    shares = correctness(written, known, rivals)
    _write(correct, Correctness.__dataclass_fields__, (row.row() for row in shares))
    _write(
        dimensions,
        (
            *("model", "dimension", "score", "low", "high"),
            *("answers", "unjudged", "lowest", "highest", "win_rate"),
        ),
        (
            by_dimension(n, aspect, written[n], judged[n], against_base.get((n, aspect)))
            for n in names
            for aspect in ASPECTS
        ),
    )
    _write(
        categories,
        ("model", "category", "answers", "overall", "nll"),
        (row for n in names for row in by_category(n, written[n], judged[n])),
    )
    _write(
        phases,
        (
            *("model", *SHARE, "overall", "win_rate", "nll", "words", "tflops"),
            *("copied", "copied_sentences"),
            *("general_nll", "general_change", "general_low", "general_high"),
        ),
        (
            {**phase(n, written[n], judged[n], preferred[n], known[n], training), **cost(n, likely)}
            for n in names
        ),
    )
    _write(
        acceptance,
        ("round", "attempt", "accepted", "share"),
        (
            line
            for name in params.rounds
            for line in accepted_by(name, refinements / f"{name}.jsonl", iterations)
        ),
    )


def by_dimension(
    name: str,
    aspect: Aspect,
    answers: Sequence[Answer],
    judgements: Sequence[Judgement],
    win_rate: float | None,
) -> Row:
    """A mean score, its interval, and what unjudged answers leave open: `lowest`, `highest`."""
    known, unjudged = scores(judgements, aspect), len(answers) - len(judgements)
    lowest, highest = bounds(known, unjudged)
    source = sources([row.question for row in answers])
    low, high = score_interval(known, [source.get(row.id, row.id) for row in judgements])
    return {
        "model": name,
        "dimension": aspect,
        "score": mean(known),
        "low": low,
        "high": high,
        "answers": len(answers),
        "unjudged": unjudged,
        "lowest": lowest,
        "highest": highest,
        "win_rate": win_rate,
    }


def by_category(
    name: str, answers: Sequence[Answer], judgements: Sequence[Judgement]
) -> Iterator[Row]:
    """The mean score and the likelihood of the experts' answers in each category."""
    for category in sorted({row.question.category for row in answers} - {""}):
        rows = [row for row in answers if row.question.category == category]
        ids = {row.id for row in rows}
        known = scores((row for row in judgements if row.id in ids), "overall")
        yield {
            "model": name,
            "category": category,
            "answers": len(rows),
            "overall": mean(known),
            "nll": reference_nll(rows),
        }


def phase(
    name: str,
    answers: Sequence[Answer],
    judgements: Sequence[Judgement],
    preferences: Sequence[Preference],
    known: Right,
    training: Sequence[str],
) -> Row:
    """The row of metrics, with the computation of an answer and what was copied from training."""
    copied, sentences = copies(answers, training)
    row = {**summarise(answers, judgements, preferences), **share(known)}
    kept = {key: row.get(key) for key in (*SHARE, "overall", "win_rate", "nll", "words")}
    extra = {"tflops": tflops(answers), "copied": copied, "copied_sentences": sentences}
    return {"model": name, **kept, **extra}


def cost(name: str, likely: Mapping[str, Sequence[Likelihood]]) -> Row:
    """How likely the general texts are, and the change from base; none for base itself."""
    found = change(likely[name], likely["base"]) if name != "base" else Change(None)
    return {
        "general_nll": nats_per_token(likely[name]),
        "general_change": found.value,
        "general_low": found.interval[0],
        "general_high": found.interval[1],
    }


def accepted_by(name: str, file: Path, iterations: int) -> Iterator[Row]:
    """For each number of attempts, how many questions of a round were accepted by then."""
    rows = list(read_records(file, Refinement))
    for attempt in range(1, iterations + 1):
        done = sum(row.accepted and len(row.attempts) <= attempt for row in rows)
        share = done / max(len(rows), 1)
        yield {"round": name, "attempt": attempt, "accepted": done, "share": share}


def _write(file: Path, header: Iterable[str], rows: Iterable[Row]) -> None:
    names = list(header)
    write_table(file, names, ([row[name] for name in names] for row in rows), digits=5)


if __name__ == "__main__":
    run_stage(evolution)
