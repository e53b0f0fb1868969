"""The general sample: texts of many subjects and forms, to see what training costs the rest."""

from pathlib import Path

from meteor.core.jsonl import read_records
from meteor.core.records import Example, Message, Prompt, Record, Text


class GeneralText(Record):
    """A text, and what one would ask for to get it."""

    id: Text
    form: Text
    subject: Text
    prompt: Text
    text: Text


def general_examples(file: Path) -> list[Example]:
    """The texts as answers to their prompts. Raises MeteorError as `read_records`."""
    return [
        Example(
            id=row.id,
            prompt=Prompt(id=row.id, messages=(Message(role="user", content=row.prompt),)),
            answer=row.text,
        )
        for row in read_records(file, GeneralText)
    ]
