"""The verifier that params.yaml chooses, for plugins that ask it: an advisor, a judge.

A stage that loads such a role tracks the verifier, too: its file, its settings, what it reads.
"""

from collections.abc import Sequence

from meteor.core.params import load_params
from meteor.core.records import Draft, Failed
from meteor.core.roles import load_role
from meteor.core.verdicts import Verdict

UNKNOWN = "the verifier cannot tell: the question has no check"


def verdicts(drafts: Sequence[Draft]) -> dict[str, Verdict | Failed]:
    """What the chosen verifier says of each draft, by id. Raises SettingsError as `load_role`."""
    verifier = load_role("verifier", load_params())
    rows = verifier.rows("verifier_verify", drafts, Verdict, drafts=drafts)
    return {draft.id: verdict for draft, verdict in rows}
