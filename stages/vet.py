"""Vet: a judge says whether the high-FLOPs answers win, before anything is trained on them.

Reads the pairs and the answers of other strategies; writes how often the chosen answer wins, what
each strategy scores for how many FLOPs, and a pass for the pairs. The pass depends on the pairs
alone, so that another judge asks nobody to decode or to train again, unless pairs that do not win
are to be kept from training (`vet.below: keep`).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean

from meteor.core.choice import choose_pairs
from meteor.core.errors import MeteorError
from meteor.core.jsonl import read_records, write_json
from meteor.core.passing import give_pass
from meteor.core.records import Answer, Pair, Question, Trial, plain_answer
from meteor.core.roles import Plugin
from meteor.core.sections import Vet
from meteor.core.settings import Decoding
from meteor.core.tables import write_table
from meteor.evaluation.comparing import Match, prefer
from meteor.running.stage import Stage, log, run_stage
from meteor.running.tally import Tally

TIE = 1e-9
"""Of shares, which are equal or are not."""
Scored = dict[str, tuple[float | None, float | None]]
"""The overall score of each question's answer (None: the judge only compares), and its FLOPs."""


def vet(
    stage: Stage,
    pairs: Path,
    trials: Path,
    questions: Path,
    name: str,
    passed: Path,
    metrics: Path,
    table: Path,
    summary: Path,
) -> None:
    params, judge = stage.params, stage.load("judge")
    by_id = {question.id: question for question in read_records(questions, Question)}
    rows = choose_pairs(read_records(pairs, Pair), params.vet.pairs, params.seed, name)
    if not rows and params.vet.below != "keep":
        raise MeteorError(f"{pairs}: there is no pair; ask more questions (pairs.questions)")
    count = stage.tally(len(rows))
    chosen = _score(judge, [_answer(by_id, r.id, r.chosen, r.chosen_flops) for r in rows], count)
    both = [row for row in rows if row.id in chosen]
    rejected = _score(
        judge, [_answer(by_id, r.id, r.rejected, r.rejected_flops) for r in both], count
    )
    count.rows_out = len(rejected)
    beside = [trial for trial in read_records(trials, Trial) if trial.id in rejected]
    scored = {
        f"chosen ({label(params.pairs.chosen)})": {i: chosen[i] for i in rejected},
        f"rejected ({label(params.pairs.rejected)})": rejected,
        **_trials(judge, beside, by_id, count),
    }
    if judge.has("judge_score"):
        verdict = compare(leads(chosen, rejected), params.vet.tie)
    else:
        matches = [Match(by_id[r.id], "rejected", r.chosen, r.rejected) for r in rows]
        preferred = [row for _, row in count.keep(prefer(judge, matches))]
        count.rows_out += len(preferred) - len(matches)
        verdict = compare([row.share("overall") - 0.5 for row in preferred], TIE)
    count.close(summary, **verdict)
    told = {f"pairs_{key}": value for key, value in verdict.items()}
    trained = _wins(params.vet, verdict) or params.vet.below == "warn"
    write_json(metrics, {**told, "pairs_trained": trained})
    write_table(table, ("turn", "strategy", "tflops", "score", "answers"), quality(name, scored))
    _enforce(params.vet, name, verdict)
    give_pass(passed, pairs, trained)


def _answer(by_id: dict[str, Question], row: str, text: str, flops: float | None) -> Answer:
    if row not in by_id:
        raise MeteorError(f"the pair {row!r} belongs to no training question; run `pairs` again")
    return plain_answer(by_id[row], text, flops)


def _score(judge: Plugin, answers: list[Answer], count: Tally) -> Scored:
    if not judge.has("judge_score"):
        return {answer.id: (None, answer.flops) for answer in answers}
    judged = count.score(judge, answers)
    return {answer.id: (verdict.scores.overall, answer.flops) for answer, verdict in judged}


def _trials(
    judge: Plugin, trials: list[Trial], by_id: dict[str, Question], count: Tally
) -> dict[str, Scored]:
    """What the other strategies score; each answer is one more row."""
    scored: dict[str, Scored] = {}
    for strategy in trials[0].answers if trials else ():
        written = [(trial.id, trial.answers[strategy]) for trial in trials]
        answers = [_answer(by_id, row, done.text, done.flops) for row, done in written]
        scored[strategy] = _score(judge, answers, count)
        count.rows_in += len(answers)
        count.rows_out += len(scored[strategy])
    return scored


def leads(chosen: Scored, rejected: Scored) -> list[float]:
    """By how much each chosen answer scores higher than the rejected one."""
    return [(chosen[row][0] or 0.0) - (score or 0.0) for row, (score, _) in rejected.items()]


def compare(leads: Sequence[float], tie: float) -> dict[str, float | int | None]:
    """How often the chosen answer wins: the rate counts a tie as half a win, which leads of less
    than `tie` are.
    """
    ties = sum(abs(lead) < tie for lead in leads)
    wins = sum(lead >= tie for lead in leads)
    rate = round((wins + ties / 2) / len(leads), 4) if leads else None
    return {"judged": len(leads), "ties": ties, "win_rate": rate}


def quality(name: str, scored: dict[str, Scored]) -> Iterator[Sequence[object]]:
    """One line a strategy: mean TFLOPs of an answer, mean score, and how many were judged."""
    for strategy, rows in scored.items():
        known = [flops / 1e12 for _, flops in rows.values() if flops is not None]
        scores = [score for score, _ in rows.values() if score is not None]
        yield name, strategy, _mean(known), _mean(scores), len(rows)


def _mean(values: list[float]) -> float | None:
    return float(f"{fmean(values):.4g}") if values else None


def label(decoding: Decoding) -> str:
    """A strategy's short name, with how many texts it writes for one answer."""
    return decoding.strategy + (f"-{decoding.width}" if decoding.width > 1 else "")


def _wins(settings: Vet, verdict: dict[str, float | int | None]) -> bool:
    rate = verdict["win_rate"]
    return rate is not None and rate >= settings.min_win_rate


def _enforce(settings: Vet, name: str, verdict: dict[str, float | int | None]) -> None:
    if _wins(settings, verdict):
        return
    rate = verdict["win_rate"]
    what = (
        f"{name}: the chosen answers win {rate} of {verdict['judged']} judged pairs (ties as half),"
        f" less than vet.min_win_rate ({settings.min_win_rate:g})"
    )
    if settings.below == "fail":
        raise MeteorError(
            f"{what}; choose another strategy (pairs.chosen), or set vet.below to keep or warn"
        )
    if settings.below == "keep":
        log.warning("vet: %s; nothing is trained on them (vet.below: keep)", what)
        return
    log.warning("vet: %s; they are trained on all the same (vet.below: warn)", what)


if __name__ == "__main__":
    run_stage(vet)
