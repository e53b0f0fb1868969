"""Conversations that end in a verdict: the JSON schema that is asked for, and the repairs."""

from collections.abc import Callable
from functools import cache
from typing import Any, Generic, TypeVar

from meteor.chat.asking import Request, Schema, sampling, unfit
from meteor.chat.reading import Unreadable, read_verdict
from meteor.chat.replies import Reply, said
from meteor.chat.sealed import Asked
from meteor.chat.settings import StructuredSettings
from meteor.chat.verdicts import Verdict
from meteor.core.records import Failed, Record

V = TypeVar("V", bound="Verdict")


@cache
def schema_of(kind: type[Verdict]) -> Schema:
    """The JSON schema of a verdict in the strict form that OpenAI asks for: every field required,
    no others, no limits on values (they are checked here).
    """
    raw = kind.model_json_schema()
    return Schema(kind.__name__, _strict(raw, raw.get("$defs", {})))


def _strict(node: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        return _strict(shared[node["$ref"].rsplit("/", 1)[1]], shared)
    if node.get("type") == "object":
        fields = {name: _strict(field, shared) for name, field in node["properties"].items()}
        return {
            "type": "object",
            "properties": fields,
            "required": list(fields),
            "additionalProperties": False,
        }
    kept: dict[str, Any] = {name: node[name] for name in ("type", "enum") if name in node}
    if "items" in node:
        kept["items"] = _strict(node["items"], shared)
    return kept


class Deciding(Generic[V]):
    """A conversation that ends in a verdict. A reply that cannot be read is sent back with what is
    wrong with it, up to `max_repairs` times.
    """

    def __init__(
        self,
        identifier: str,
        asked: Asked,
        kind: type[V],
        result: Callable[[V, str], Record],
        settings: StructuredSettings,
        sample: int = 0,
    ) -> None:
        self.id, self.kind, self.result = identifier, kind, result
        self.ticket, self.left = asked.ticket, settings.max_repairs
        self.request = Request(
            model=settings.model,
            messages=((("system", asked.system),) if asked.system else ())
            + (("user", asked.text),),
            max_tokens=settings.max_tokens,
            sampling=sampling(settings, None),
            schema=schema_of(kind),
            json_mode=settings.json_mode,
            context={"sample": sample} if sample else {},
        )
        self._asked = self.request

    def take(self, reply: Reply) -> Record | Request:
        """The row's result or failure, or the request that names what is wrong."""
        if failure := unfit(self.id, reply):
            return failure
        meant = said(reply)
        try:
            return self.result(read_verdict(meant.text, self.kind, self.ticket), self.id)
        except Unreadable as error:
            problem = str(error)
        if meant.end == "length":
            problem = f"the reply is cut off by the token limit; {problem}"
        if not self.left:
            return Failed(id=self.id, error=f"no verdict in the last reply: {problem}")
        self.left -= 1
        self._asked = self._asked.continued(
            ("assistant", meant.text or "(nothing)"),
            (
                "user",
                f"That reply cannot be used: {problem}. Reply again with the whole JSON object of "
                "the form above and nothing else.",
            ),
        )
        return self._asked
