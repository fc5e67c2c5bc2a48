"""Writes .env.example out of the settings' own descriptions; a test keeps the file and the settings together."""

from pathlib import Path
from textwrap import wrap

from pydantic import SecretStr

from rag.settings import PREFIX, Settings

HEAD = """# Every setting of Footnote, with its default. Copy this file to .env and uncomment what you change; a variable of the
# same name in the environment wins over .env. A name that is not in this list is refused.
"""


def text() -> str:
    """The whole file."""
    parts = [HEAD]
    for name, field in Settings.model_fields.items():
        default = "" if field.default_factory else field.default
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        note = " Default: the platform's own." if field.default_factory else ""
        lines = [f"# {line}" for line in wrap(f"{field.description}{note}", 116)]
        parts.append("\n".join([*lines, f"#{PREFIX}{name.upper()}={default}"]) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    Path(".env.example").write_text(text())
