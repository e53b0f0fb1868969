"""Vet: a judge says whether the high-FLOPs answers win, before anything is trained on them, and a
verifier, where there is one, how many of either kind are right.

Reads the pairs and the answers of other strategies; writes how often the chosen answer wins, what
each strategy scores for how many FLOPs, and a pass for the pairs. The pass depends on the pairs
alone, so that another judge asks nobody to decode or to train again, unless pairs that do not win
are to be kept from training (`vet.below: keep`).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from meteor.core.choice import choose_pairs
from meteor.core.errors import MeteorError
from meteor.core.jsonl import read_records, write_json
from meteor.core.passing import give_pass
from meteor.core.records import Answer, Draft, Pair, Question, Trial, plain_answer
from meteor.core.roles import Plugin
from meteor.core.sections import Vet
from meteor.core.settings import Decoding
from meteor.core.tables import write_table
from meteor.evaluation.comparing import Match, prefer
from meteor.evaluation.correctness import Right, correctness, right
from meteor.evaluation.preferences import ALL
from meteor.running.stage import Stage, log, run_stage
from meteor.running.tally import Tally
from meteor.verification.right_answers import NONE

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
    better = f"chosen ({label(params.pairs.chosen)})"
    worse = f"rejected ({label(params.pairs.rejected)})"
    scored = {
        better: {i: chosen[i] for i in rejected},
        worse: rejected,
        **_trials(judge, beside, by_id, count),
    }
    if judge.has("judge_score"):
        verdict = compare(leads(chosen, rejected), params.vet.tie)
    else:
        matches = [Match(by_id[r.id], "rejected", r.chosen, r.rejected) for r in rows]
        preferred = [row for _, row in count.keep(prefer(judge, matches))]
        count.rows_out += len(preferred) - len(matches)
        verdict = compare([row.share("overall") - 0.5 for row in preferred], TIE)
    texts = {better: {r.id: r.chosen for r in rows}, worse: {r.id: r.rejected for r in rows}}
    for strategy in list(scored)[2:]:
        texts[strategy] = {trial.id: trial.answers[strategy].text for trial in beside}
    known = _right(stage.load("verifier"), texts, by_id, count)
    verdict |= shares_right(known[better], known[worse], selected=params.pairs.keep == "verified")
    count.close(summary, **verdict)
    told = {f"pairs_{key}": value for key, value in verdict.items()}
    trained = _wins(params.vet, verdict) or params.vet.below == "warn"
    write_json(metrics, {**told, "pairs_trained": trained})
    columns = ("turn", "strategy", "tflops", "score", "answers", "right")
    write_table(table, columns, quality(name, scored, known))
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


def _right(
    verifier: Plugin,
    texts: Mapping[str, Mapping[str, str]],
    by_id: Mapping[str, Question],
    count: Tally,
) -> dict[str, Right]:
    """Which answers of each strategy are right; each answer is one more row."""
    known: dict[str, Right] = {}
    for strategy, written in texts.items():
        drafts = [Draft(id=i, question=by_id[i], text=text) for i, text in written.items()]
        drafts = [] if verifier.name == NONE else drafts
        verdicts = [verdict for _, verdict in count.verify(verifier, drafts)] if drafts else []
        count.rows_in += len(drafts)
        count.rows_out += len(verdicts)
        known[strategy] = right(verdicts)
    return known


def shares_right(chosen: Right, rejected: Right, selected: bool) -> dict[str, float | int | None]:
    """How many questions the verifier has a verdict on for both answers, the shares of right ones,
    and McNemar's exact test; none where the pairs were `selected` for a right and a wrong answer.
    """
    row = correctness("chosen", "rejected", ALL, chosen, rejected)
    if row.correct is None or row.before is None:
        return {}
    p = None if selected or row.p is None else float(f"{row.p:.2g}")
    shares = {"right_chosen": round(row.correct, 4), "right_rejected": round(row.before, 4)}
    said = "vet: of %d checked pairs %.0f %% of the chosen and %.0f %% of the rejected are right"
    log.info(said, row.questions, 100 * row.correct, 100 * row.before)
    return {"checked": row.questions, **shares, "right_p": p}


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


def quality(
    name: str, scored: Mapping[str, Scored], known: Mapping[str, Right]
) -> Iterator[Sequence[object]]:
    """One line a strategy: mean TFLOPs of an answer, mean score, how many were judged, and the
    share of right ones.
    """
    for strategy, rows in scored.items():
        flops = [flops / 1e12 for _, flops in rows.values() if flops is not None]
        scores = [score for score, _ in rows.values() if score is not None]
        hits = [float(hit) for hit in known[strategy].values()]
        yield name, strategy, _mean(flops), _mean(scores), len(rows), _mean(hits)


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
