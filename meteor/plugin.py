"""All that a plugin imports from this project, in one place.

    from meteor.plugin import Answer, Failed, Field, Judgement, Settings, hookimpl

What stands here is stable: a name goes, or changes its meaning, only with a new minor version and
an entry in CHANGELOG.md. What a plugin imports from deeper inside may change with any version.
A test of a plugin takes the function of its role from `meteor.testing`, as `check_judge`.

Every plugin:           hookimpl, Settings, Field, MeteorError, SettingsError, Failed.
What hooks are given and give: the records, Decoding, Schedule.
Plugins with a model on this machine: load_tokenizer, load_model, prompt_ids, fit_prompt,
                        encode_example, Encoded, written, save_checkpoint.
Trainers:               run_training, training_process, tell_progress, Job, Report, Step.
Plugins that ask an endpoint: converse with a conversation a row, which is a Writing (free text) or
                        a Deciding (a verdict, sealed); ChatSettings and its kin as settings.
Plugins that word a prompt: Domain (a hook's argument `domain`), load (a kind's template out of
                        the user's files), Wording, ask_about (a verdict on sealed answers).
"""

from meteor.chat.asking import Request, Writing, messages, sampling, writings
from meteor.chat.sealed import Asked, Seal, ask_about, seal
from meteor.chat.settings import ChatSettings, StructuredSettings, WritingSettings
from meteor.chat.structured import Deciding
from meteor.core.domain import Domain
from meteor.core.errors import MeteorError, SettingsError
from meteor.core.hookspecs import hookimpl
from meteor.core.judgements import (
    ASPECTS,
    DIMENSIONS,
    Compared,
    Comparison,
    Judgement,
    Preference,
    Scores,
    Shares,
)
from meteor.core.records import (
    Advice,
    Answer,
    Completion,
    Draft,
    Example,
    Failed,
    Likelihood,
    Message,
    Pair,
    Prompt,
    Question,
    Record,
    Rejected,
)
from meteor.core.settings import Decoding, Field, Schedule, Settings
from meteor.generation.writing import written
from meteor.models.encoding import (
    Encoded,
    encode_example,
    fit_prompt,
    load_model,
    load_tokenizer,
    prompt_ids,
    save_checkpoint,
)
from meteor.prompts.kinds import Wording, load
from meteor.training.jobs import Job, Report, Step
from meteor.training.launching import tell_progress
from meteor.training.process import run_training, training_process
from meteor.transport.session import converse

__all__ = [
    "ASPECTS",
    "DIMENSIONS",
    "Advice",
    "Answer",
    "Asked",
    "ChatSettings",
    "Compared",
    "Comparison",
    "Completion",
    "Deciding",
    "Decoding",
    "Domain",
    "Draft",
    "Encoded",
    "Example",
    "Failed",
    "Field",
    "Job",
    "Judgement",
    "Likelihood",
    "Message",
    "MeteorError",
    "Pair",
    "Preference",
    "Prompt",
    "Question",
    "Record",
    "Rejected",
    "Report",
    "Request",
    "Schedule",
    "Scores",
    "Seal",
    "Settings",
    "SettingsError",
    "Shares",
    "Step",
    "StructuredSettings",
    "Wording",
    "Writing",
    "WritingSettings",
    "ask_about",
    "converse",
    "encode_example",
    "fit_prompt",
    "hookimpl",
    "load",
    "load_model",
    "load_tokenizer",
    "messages",
    "prompt_ids",
    "run_training",
    "sampling",
    "save_checkpoint",
    "seal",
    "tell_progress",
    "training_process",
    "writings",
    "written",
]
