"""Damaged files: each is detected and said in one sentence with its remedy, and the remedy works while the catalog is whole."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rag import Assistant, Settings
from rag.errors import CorpusDamagedError
from tests.doubles import ToyEmbedder

pytestmark = pytest.mark.slow

ABSTRACTS = 1100
"""Chroma writes its graph to files from a thousand vectors on."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a sound corpus."""
    home = tmp_path_factory.mktemp("whole")
    papers = home / "papers.txt"
    papers.write_text("".join(f"Paper {n} is about kernel{n} and signal{n % 7} in graphs.\n" for n in range(ABSTRACTS)))
    with Assistant.open(Settings(home=home), embedder=ToyEmbedder()) as assistant:
        assert assistant.ingest([papers]).added == ABSTRACTS
        assert assistant.verify().sound
    return home


def _half(content: bytearray) -> bytes:
    return bytes(content[: len(content) // 2])


def _nothing(content: bytearray) -> bytes:
    return b""


def _flipped(content: bytearray) -> bytes:
    chance = random.Random(3)
    for _ in range(64):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return bytes(content)


@pytest.mark.parametrize("spoil", [_half, _nothing, _flipped])
@pytest.mark.parametrize(
    "pattern",
    [
        "chroma/chroma.sqlite3", "chroma/*/data_level0.bin", "chroma/*/header.bin", "chroma/*/link_lists.bin",
        "lexical/*.idx", "lexical/*.term", "lexical/*.store", "lexical/*.fieldnorm", "lexical/*.fast", "lexical/meta.json",
    ],
)  # fmt: skip
def test_a_damaged_index_file_is_found_and_rebuilt(
    whole: Path, tmp_path: Path, pattern: str, spoil: Callable[[bytearray], bytes]
) -> None:
    """Cut short, emptied or with bits flipped: verify or the opening names the remedy, and nothing dies of it."""
    home = tmp_path / "home"
    shutil.copytree(whole, home)
    settings = Settings(home=home)
    file = max(settings.folder.glob(pattern), key=lambda path: path.stat().st_size)
    file.write_bytes(spoil(bytearray(file.read_bytes())))
    with Assistant.open(settings, embedder=ToyEmbedder()) as assistant:
        try:
            said = list(assistant.verify().problems)
        except CorpusDamagedError as error:
            said = [str(error)]
        assert said, "the damage was not noticed"
        for sentence in said:
            assert sentence.endswith("run: rag rebuild.")
            assert "\n" not in sentence
        assistant.rebuild()
        assert assistant.verify().sound
        assert assistant.search("kernel7 in graphs")[0].abstract.text.startswith("Paper 7 ")


@pytest.mark.parametrize("cut", [0.05, 0.5, 0.95])
def test_a_catalog_cut_short_is_said(whole: Path, tmp_path: Path, cut: float) -> None:
    """The truth is lost then, and the remedy is a backup."""
    home = tmp_path / "home"
    shutil.copytree(whole, home)
    settings = Settings(home=home)
    catalog = settings.folder / "catalog.sqlite"
    content = catalog.read_bytes()
    catalog.write_bytes(content[: int(cut * len(content))])
    with pytest.raises(CorpusDamagedError, match="rag restore FILE --force") as said:
        _verify(settings)
    assert "\n" not in str(said.value)


def _verify(settings: Settings) -> None:
    with Assistant.open(settings, embedder=ToyEmbedder()) as assistant:
        assistant.verify()
