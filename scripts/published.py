"""Writes the files that are derived from the code: .env.example and docs/answer.schema.json. A test compares them."""

import json
from pathlib import Path
from textwrap import wrap

from pydantic import SecretStr

from rag.schema import answer_schema
from rag.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
HEAD = """# Every setting of Footnote, with its default. Copy this file to .env and uncomment what you change; a variable
# of the same name in the environment wins over .env. A name that is not in this list is refused.
"""


def env_example() -> str:
    """.env.example, out of the settings' own descriptions."""
    parts = [HEAD]
    for name, field in Settings.model_fields.items():
        default = "" if field.default_factory else field.default
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        note = " Default: the platform's own." if field.default_factory else ""
        lines = [f"# {line}" for line in wrap(f"{field.description}{note}", 116)]
        parts.append("\n".join([*lines, f"#{PREFIX}{name.upper()}={default}"]) + "\n")
    return "\n".join(parts)


def published() -> dict[str, str]:
    """What each derived file has to hold, by its path from the root."""
    return {
        ".env.example": env_example(),
        "docs/answer.schema.json": json.dumps(answer_schema(), indent=2) + "\n",
    }


if __name__ == "__main__":
    for path, text in published().items():
        (ROOT / path).parent.mkdir(exist_ok=True)
        (ROOT / path).write_text(text)
