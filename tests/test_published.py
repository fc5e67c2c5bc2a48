"""What is published stays true: the public names, the derived files, the settings."""

import importlib.util
from pathlib import Path

import pytest

import rag
from rag import Settings, SettingsError, records

ROOT = Path(__file__).parent.parent


def test_every_public_name_is_there() -> None:
    """``rag.__all__`` is sorted, complete and importable."""
    assert rag.__all__ == sorted(rag.__all__)
    for name in rag.__all__:
        assert getattr(rag, name).__doc__ or name in ("Event", "Verdict")
    assert rag.Conflict is records.Conflict
    with pytest.raises(AttributeError):
        rag.Nothing  # noqa: B018


def test_derived_files_are_fresh() -> None:
    """.env.example and the answer's JSON Schema say what the code says; scripts/published.py writes them."""
    spec = importlib.util.spec_from_file_location("published", ROOT / "scripts" / "published.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for path, text in module.published().items():
        assert (ROOT / path).read_text() == text, f"{path} is stale; run scripts/published.py"


def test_settings_come_from_arguments_then_environment_then_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each place overrides the ones below it, and other programs' names in .env are left alone."""
    (tmp_path / ".env").write_text("RAG_CORPUS=file\nRAG_MAX_SENTENCES=2\nRAG_LLM=smollm2\nOTHER_KEY=x\n")
    monkeypatch.setenv("RAG_CORPUS", "environment")
    settings = Settings(llm="quotes")
    assert (settings.llm, settings.corpus, settings.max_sentences) == ("quotes", "environment", 2)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"corpsu": "x"}, "did you mean corpus"),
        ({"llm": "gpt-4"}, "gguf:PATH"),
        ({"max_sentences": 0}, "max_sentences = 0"),
        ({"corpus": "../up"}, "corpus"),
        ({"chroma_url": "localhost:8000"}, "http://HOST:PORT"),
        ({"chroma_url": "http://host:port"}, "http://HOST:PORT"),
        ({"chroma_tenant": ""}, "chroma_tenant"),
    ],
)
def test_a_bad_setting_is_one_sentence(values: dict[str, object], said: str) -> None:
    """The error shows the value and what to do."""
    with pytest.raises(SettingsError, match=said) as caught:
        Settings(**values)
    assert "\n" not in str(caught.value)


def test_a_misspelt_variable_is_not_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown RAG_ variable is refused with the nearest name."""
    monkeypatch.setenv("RAG_EMBED_MODLE", "x")
    with pytest.raises(SettingsError, match="did you mean embed_model"):
        Settings()


def test_a_key_is_never_shown() -> None:
    """Neither the settings nor an error about them show a secret."""
    settings = Settings(llm_api_key="hush")
    assert "hush" not in repr(settings)
    with pytest.raises(SettingsError) as caught:
        Settings(llm_api_key=["hush"])
    assert "hush" not in str(caught.value)
    for secret in ({"chroma_token": "hush hush"}, {"chroma_url": "http://me:hush@host:8000"}):
        with pytest.raises(SettingsError, match="cannot be used") as caught:
            Settings(**secret)
        assert "hush" not in str(caught.value)
