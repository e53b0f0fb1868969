"""The verifier that params.yaml chooses, for plugins that ask it: an advisor, a judge.

A stage that loads such a role tracks the verifier, too: its file, its settings, what it reads.
"""

from collections.abc import Iterable, Sequence

from meteor.core.errors import MeteorError, SettingsError
from meteor.core.params import load_params
from meteor.core.records import Advice, Draft, Failed, Question, Rejected
from meteor.core.roles import load_role
from meteor.core.verdicts import Verdict
from meteor.verification.extraction import Extraction

SHOWN = 10
UNKNOWN = "the verifier cannot tell: the question has no check"


def require_checks(asking: str, questions: Iterable[Question]) -> None:
    """Raise SettingsError where none of the questions has a check, and MeteorError where the
    verifier can do nothing with those that there are; `asking` is the setting that lets it decide.
    """
    asked = list(questions)
    require_some(asking, asked)
    require_usable(asked)


def require_some(asking: str, asked: Sequence[Question]) -> None:
    """Raise SettingsError where none of the questions has a check."""
    if asked and all(question.check is None for question in asked):
        raise SettingsError(
            f"params.yaml: {asking} lets the verifier decide, and none of {len(asked)} questions "
            "has a check: let the source read one (source.table.check), or write what holds for "
            "all of them to source.check (docs/verifiers.md), and ingest again"
        )


def require_usable(questions: Iterable[Question]) -> None:
    """Raise MeteorError where the chosen verifier can do nothing with more checks than may fail.
    It is asked of empty answers, of which one that takes a part of an answer runs nothing.
    """
    params = load_params()
    if not isinstance(load_role("verifier", params).params, Extraction):
        return
    drafts = [Draft(id=row.id, question=row, text="") for row in questions if row.check is not None]
    if not drafts:
        return
    said = verdicts(drafts).values()
    unusable = [verdict for verdict in said if isinstance(verdict, Failed)]
    if len(unusable) > params.max_failed_fraction * len(drafts):
        first = unusable[0]
        raise MeteorError(
            f"{len(unusable)} of {len(drafts)} checks cannot be used by the verifier "
            f"{params.verifier.plugin!r}, as that of {first.id}: {first.error}. Mend or take away "
            "the checks of these questions in the data under source.path, and ingest again: "
            + ", ".join(each.id for each in unusable[:SHOWN])
            + (" and others" if len(unusable) > SHOWN else "")
        )


def verdicts(drafts: Sequence[Draft]) -> dict[str, Verdict | Failed]:
    """What the chosen verifier says of each draft, by id. Raises SettingsError as `load_role`."""
    verifier = load_role("verifier", load_params())
    rows = verifier.rows("verifier_verify", drafts, Verdict, drafts=drafts)
    return {draft.id: verdict for draft, verdict in rows}


def advised(drafts: Sequence[Draft]) -> tuple[list[Advice | Failed], dict[str, tuple[Draft, str]]]:
    """What the verdicts settle: right drafts, and those that nobody can tell of. And, by id, the
    drafts that are wrong, each with the verifier's feedback, which an advisor puts into words.
    """
    settled: list[Advice | Failed] = []
    wrong: dict[str, tuple[Draft, str]] = {}
    said = verdicts(drafts)
    for draft in drafts:
        verdict = said[draft.id]
        if isinstance(verdict, Failed):
            settled.append(verdict)
        elif verdict.passed is None:
            settled.append(Rejected(id=draft.id, error=UNKNOWN))
        elif verdict.passed:
            settled.append(Advice(id=draft.id, correct=True))
        else:
            wrong[draft.id] = draft, verdict.feedback
    return settled, wrong
