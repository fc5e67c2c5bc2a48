"""Building and launching the page."""

import subprocess
import sys
from pathlib import Path

import pytest

from rag import Settings
from rag.errors import SettingsError
from ui.web import serve

ROOT = Path(__file__).parents[3]


def test_only_a_password_opens_the_page_to_others(settings: Settings) -> None:
    """Listening beyond loopback without one is refused before anything is served."""
    with pytest.raises(SettingsError, match="RAG_UI_PASSWORD"):
        serve(settings, host="0.0.0.0", open_browser=False)


def test_gradio_is_imported_in_one_file_and_only_when_the_page_is_built() -> None:
    """Importing the package costs nothing; the rest of it knows no Gradio."""
    users = [path.name for path in (ROOT / "ui").rglob("*.py") if "import gradio" in path.read_text("utf-8")]
    assert users == ["page.py"]
    code = "import sys, ui.web; sys.exit('gradio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_the_secret_is_kept_and_private(tmp_path: Path) -> None:
    """The same secret after a restart, readable by its owner only."""
    from ui.web.page import _kept_secret

    secret = _kept_secret(tmp_path / "corpus")
    assert len(secret) == 32
    assert _kept_secret(tmp_path / "corpus") == secret
    assert (tmp_path / "corpus" / "ui-secret").stat().st_mode & 0o077 == 0
