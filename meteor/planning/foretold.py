"""Which questions rounds and turns will take, as far as it can be foretold."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from meteor.core.choice import choose_taught
from meteor.core.errors import SettingsError
from meteor.core.jsonl import read_records
from meteor.core.params import PARAMS_FILE, Params
from meteor.core.parts import verifies
from meteor.core.records import Question
from meteor.core.sections import Round
from meteor.models.history import History
from meteor.pipeline import arguments_of, read_lock, value_of, written_params, written_stage
from meteor.verification.chosen import require_some, require_usable


def asked(name: str, params: Params, every: Sequence[Question]) -> list[Question]:
    """The questions of a round or turn. Raises SettingsError where none will be left; not where
    rows may fail, since those that do are left.
    """
    step = params.rounds.get(name) or params.turns[name]
    before = history(step.start, params, every)
    try:
        if isinstance(step, Round):
            return before.for_round(name, step, params.iterate, params.seed, every)
        return before.for_turn(name, step, params.pairs, params.seed, every)
    except SettingsError:
        if not params.max_failed_fraction:
            raise
        return []


def history(checkpoint: str, params: Params, every: Sequence[Question]) -> History:
    """What a checkpoint will have been through, if no row fails. Which answers are accepted nobody
    knows: none is, so that a round among unsolved questions takes as many as it may.
    """
    been = History()
    for name in params.lineage(checkpoint):
        if name == "sft" or name in params.revisers:
            taught = choose_taught(every, params.distill.questions, params.seed)
            been = been.after(taught=[question.id for question in taught])
        elif step := params.rounds.get(name):
            taken = been.for_round(name, step, params.iterate, params.seed, every)
            been = been.after(asked=[question.id for question in taken])
    return been


def check_questions(params: Params) -> None:
    """Raise SettingsError where a round or turn would find no question among those that are here,
    or none that the verifier can tell of; MeteorError where it can do nothing with their checks.
    Before there are any, or while those that are here are another source's, nothing is known but
    the check that is set for all.
    """
    if params.source.check is not None:
        require_usable([Question(id="source.check", title="any", check=params.source.check)])
    verified = {
        "advisor": verifies(params.advisor) and bool(params.rounds or params.revisers),
        "pairs.keep": params.pairs.keep == "verified" and bool(params.turns),
    }
    chosen = any(step.among != "all" for _, step in params.steps())
    if not (chosen or params.verifier.plugin != "none") or not _are_of_the_source():
        return
    require_usable(_of_all_splits())
    file = Path(arguments_of(written_stage("pairs")["cmd"])["questions"])
    if not (chosen or any(verified.values())) or not file.exists():
        return
    every = list(read_records(file, Question))
    for asking, needed in verified.items():
        if needed and params.source.check is None:  # else the next ingest gives them one
            require_some(asking, every)
    for name in (*params.rounds, *params.turns) if chosen else ():
        asked(name, params, every)


def _are_of_the_source() -> bool:
    """Whether the questions that are here are of the source that is set, as far as DVC knows."""
    ingested, now = read_lock().get("ingest", {}), written_params()
    settings = ingested.get("params", {}).get(str(PARAMS_FILE), {})
    files = [part["path"] for part in ingested.get("deps", ())]
    return (not files or value_of(now, "source.path") in files) and all(
        value_of(now, key) == value for key, value in settings.items() if key.startswith("source.")
    )


def _of_all_splits() -> Iterator[Question]:
    """The questions of all splits, as far as they are here."""
    outs = arguments_of(written_stage("ingest")["cmd"])
    for file in (Path(outs[name]) for name in ("train", "dev", "test")):
        if file.exists():
            yield from read_records(file, Question)
