"""YAML as DVC reads and writes it: `1e-05` is a number and `off` a word, unlike in PyYAML's 1.1."""

import re
from pathlib import Path
from typing import Any

import yaml

UNNAMED = "<unicode string>"
"""What the parsers call a text in their errors."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """PyYAML's own, in C where that is there, with the numbers and the truths of YAML 1.2. A key
    that stands twice is an error: which of the two would count?
    """

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """A mapping, as PyYAML's."""
        lines: dict[Any, int] = {}
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                continue
            line = key.start_mark.line + 1
            if key.value in lines:
                raise yaml.constructor.ConstructorError(
                    None,
                    None,
                    f"the key {key.value!r} stands in line {lines[key.value]} already",
                    key.start_mark,
                )
            lines[key.value] = line
        return super().construct_mapping(node, deep)

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """A value, as PyYAML's; one that is none, such as the month 13, is an error of the file."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError) as error:
            raise yaml.constructor.ConstructorError(
                None, None, f"{str(node.value)[:60]!r} is no value: {error}", node.start_mark
            ) from None


_BOOL = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    _BOOL, re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+$"),
    list("-+.0123456789"),
)


def parse_yaml(text: str) -> Any:
    """The value that a text holds. Raises yaml.YAMLError."""
    return yaml.load(text, _Loader)


def no_yaml(file: Path, error: Exception) -> str:
    """What is wrong with a file that is no YAML, as PyYAML, ruamel.yaml or the codec tells it."""
    told = " ".join(str(error).split()).replace(UNNAMED, str(file))
    return f"{file}: not valid YAML: {told}"
