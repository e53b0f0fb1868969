"""The user's domain: what all prompts share."""

from pathlib import Path

from meteor.core.settings import Field, Settings


class Domain(Settings):
    """What the prompts share: how the domain is called, and what every model should know of it."""

    name: str = Field("this domain", min_length=1, description="where a question has no category")
    categories: dict[str, str] = Field(
        {}, description="what prompts call a category; one that is not here, by its own name"
    )
    about: Path = Field(
        Path("prompts/about.md"),
        description="text file with what every prompt should know: a schema, a glossary, rules",
    )
    language: str | None = Field(
        None, min_length=1, description="what models write in, as German; null: prompts do not say"
    )
    prompts: Path = Field(Path("prompts"), description="folder with the templates of the prompts")

    def field(self, category: str) -> str:
        """What a question of this category is about, in words."""
        return self.categories.get(category, category or self.name)


PLAIN = Domain()
"""What there is where nothing is set."""
