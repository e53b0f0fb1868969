"""What runs queries: where SQLite and DuckDB differ, and what each says in words for students."""

from collections.abc import Mapping
from dataclasses import dataclass

Words = tuple[tuple[str, str], ...]
"""Patterns of errors, and what is said instead, with the groups in it."""


@dataclass(frozen=True)
class Product:
    """A database: the script of its workers with Python's flags, and how it names a file."""

    name: str
    script: str
    flags: tuple[str, ...]
    place: str
    words: Words


SHARED: Words = (
    (r"the text gives no rows", "The statement gives no rows; a SELECT is expected."),
    (r"You can only execute one statement at a time.*", "There is more than one statement."),
    (r"(?:string or blob|statement) too (?:big|long).*", "A value or the query is too long."),
)
SQLITE: Words = (
    (r"no such column: (.*)", "There is no column `{0}`."),
    (r"no such table: (.*)", "There is no table `{0}`."),
    (r"no such function: (.*)", "There is no function `{0}`."),
    (r"ambiguous column name: (.*)", "The column `{0}` stands in more than one table: name one."),
    (r"near \"(.*)\": syntax error", "Not valid SQL: near `{0}`."),
    (r"incomplete input", "Not valid SQL: the end is missing."),
    *SHARED,
    (r"misuse of aggregate.*?: (.*)", "The aggregate `{0}` stands where none may stand."),
    (r"(.*)", "Not valid SQL: {0}."),
)
DUCKDB: Words = (
    (
        r"Binder Error: (?:Referenced )?(?:column|table) \"(.*?)\" not found.*",
        "There is no column `{0}`.",
    ),
    (r"Catalog Error: Table with name (.*?) does not exist.*", "There is no table `{0}`."),
    (r"Catalog Error: .*Function with name (.*?) does not exist.*", "There is no function `{0}`."),
    (
        r"Binder Error: Ambiguous reference to column name \"(.*?)\".*",
        "The column `{0}` stands in more than one table: name one.",
    ),
    (r"Parser Error: syntax error at or near \"(.*)\"", "Not valid SQL: near `{0}`."),
    (r"Parser Error: syntax error at end of input", "Not valid SQL: the end is missing."),
    *SHARED,
    (r"Permission Error: .*", "Not allowed here: files and settings."),
    (r"(?:Parser|Binder|Catalog) Error: (.*)", "Not valid SQL: {0}"),
    # Of other errors the text may hold a value of the database.
    (r"(?:Conversion|Out of Range|Mismatch Type) Error: .*", "A value does not fit its type."),
    (r"([\w ]{1,40}) Error: .*", "The query fails ({0})."),
    (r".*", "The query fails."),
)
PRODUCTS: Mapping[str, Product] = {
    "sqlite": Product(
        "an SQLite database",
        "sql_worker.py",
        ("-I", "-S"),
        "{uri}?mode=ro&immutable=1",
        SQLITE,
    ),
    "duckdb": Product("a DuckDB database", "duckdb_worker.py", ("-I",), "{path}", DUCKDB),
}
