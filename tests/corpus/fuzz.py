"""Mutated files of all formats through reading and cleaning: never an exception, a hang or a file without a report.

    python -m tests.corpus.fuzz --files 20000 [--seed 0] [--keep FOLDER]

prints how many files gave what, the slowest and the peak memory; it ends with 1 when a file failed, which is kept.
The same seed makes the same files. The fixtures of all formats and the seeds are what is mutated.
"""

import argparse
import bz2
import faulthandler
import gzip
import io
import logging
import lzma
import random
import resource
import signal
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rag.corpus import Record, clean, read
from rag.records import Abstract, Rejection

SECONDS = 5
"""Processor time that a file may take, at most; the largest has about a megabyte."""
_ROOT = Path(__file__).parents[2]
_LARGEST = 1_000_000

_TOKENS = [
    *(token * times for token in "{}<>\"'\\$&%#@[](),:;=-~^ \n\r\t" for times in (1, 7, 3000)),
    "\n@article{x,\n", "@string{a = ", " # ", "\nER  - \n", "\nTY  - JOUR\n", "\nPMID- 1\n", "\nPT J\n", "\n%0 Journal Article\n",
    "<PubmedArticle>", "</PubmedArticle>", "<record>", "</record>", "<entry>", "<paper id='1'>", "<meta>", "</meta>", "<![CDATA[",
    "]]>", "<!--", "<!DOCTYPE x [<!ENTITY a 'b'>]>", "&a;", "&#0;", "&#xD800;", "<b>" * 500, '{"abstract": ', "\\ud800", '"""',
    "\\a{" * 500, "$a$" * 300, "\\frac{" * 200, " and " * 500, "\u2028", "\x85", "\x0b", "\x00" * 50, "AB  - ", "      ",
]  # fmt: skip


def sources() -> list[Path]:
    """The files to mutate: one or more of every format."""
    fixtures = sorted(each for each in (_ROOT / "tests/corpus/fixtures").rglob("*") if each.is_file())
    return [*fixtures, *sorted((_ROOT / "seeds").glob("*.txt"))]


def _packed(originals: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Some of the files compressed, and all of them in a zip archive."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in originals:
            packed.writestr(zipfile.ZipInfo(name), data)
    compressed = [
        (f"{name}.{suffix}", compress(data))
        for (name, data), (suffix, compress) in zip(originals, _COMPRESSIONS.items(), strict=False)
    ]
    return [*compressed, ("all.zip", archive.getvalue())]


_COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gz": partial(gzip.compress, mtime=0),
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


def mutated(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """``data`` after one to four mutations; ``other`` is a file that may be spliced in."""
    for _ in range(chance.choice((1, 1, 2, 4))):
        data = chance.choice(_MUTATIONS)(data, other, chance)[:_LARGEST]
    return data


def _flip(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    flipped = bytearray(data)
    for _ in range(min(len(flipped), chance.choice((1, 3, 30, 300)))):
        flipped[chance.randrange(len(flipped))] = chance.randrange(256)
    return bytes(flipped)


def _cut(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    left, right = _span(data, chance)
    return data[:left] + data[right:] if chance.random() < 0.5 else data[:right]


def _repeat(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    left, right = _span(data, chance)
    times = min(chance.choice((2, 10, 1000)), _LARGEST // max(right - left, 1))
    return data[:right] + data[left:right] * times + data[right:]


def _splice(data: bytes, other: bytes, chance: random.Random) -> bytes:
    left, right = _span(other, chance)
    place = chance.randint(0, len(data))
    return data[:place] + other[left:right] + data[place:]


def _insert(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 1, 5))):
        place = chance.randint(0, len(data))
        data = data[:place] + chance.choice(_TOKENS).encode() + data[place:]
    return data


def _surrogate(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    place = chance.randint(0, len(data))
    return (
        data[:place]
        + chance.choice(("\ud800", "\udfff", "\udcff\ud800")).encode("utf-8", "surrogatepass")
        + data[place:]
    )


def _encode(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """All of the file or a part of it in another encoding."""
    left, right = _span(data, chance) if chance.random() < 0.7 else (0, len(data))
    encoding = chance.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-8-sig", "shift-jis"))
    return data[:left] + data[left:right].decode("utf-8", "replace").encode(encoding, "replace") + data[right:]


def _line_ends(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    end = chance.choice((b"\r\n", b"\r", b"\n\r", b" ", b"", b"\xc2\x85", b"\xe2\x80\xa8", b"\n\n"))
    left, right = _span(data, chance) if chance.random() < 0.5 else (0, len(data))
    return data[:left] + data[left:right].replace(b"\n", end) + data[right:]


def _shuffle(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    chance.shuffle(lines)
    return b"".join(lines)


def _span(data: bytes, chance: random.Random) -> tuple[int, int]:
    left, right = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    return left, right


_MUTATIONS: tuple[Callable[[bytes, bytes, random.Random], bytes], ...] = (
    _flip, _cut, _repeat, _splice, _insert, _insert, _surrogate, _encode, _line_ends, _shuffle,
)  # fmt: skip


def check(path: Path) -> Counter[str]:
    """What a file gives, counted; AssertionError where that is not what reading promises."""
    counts: Counter[str] = Counter()
    places = set()
    for found in read([path]):
        assert isinstance(found, (Record, Rejection)), found
        if isinstance(found, Record):
            place = (found.path, found.number)
            assert place not in places, f"two records at {place}"
            places.add(place)
        result = clean(found) if isinstance(found, Record) else found
        assert isinstance(result, (Abstract, Rejection)), result
        if isinstance(result, Abstract):
            assert result.text.strip(), result
            assert result.id, result
            repr((result.id, result.text, result.title, result.authors, result.keywords)).encode()
            "".join((result.text, result.title, result.venue, result.url, *result.authors, *result.keywords)).encode()
        else:
            assert result.reason, result
            result.reason.encode()
        counts[type(result).__name__] += 1
    assert counts, "nothing was said of the file"
    return counts


@dataclass(slots=True)
class Outcome:
    """What a run of the fuzzer saw; ``failures`` says of each failing file its number, its origin and what went wrong."""

    files: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    rejected_whole: int = 0
    slowest: tuple[float, str] = (0.0, "")
    failures: list[str] = field(default_factory=list)


def fuzz(folder: Path, files: int, seed: int = 0, keep: Path | None = None) -> Outcome:
    """Make and read ``files`` mutated files in ``folder``; those that fail are written into ``keep`` too."""
    outcome = Outcome()
    originals = [(path.name, path.read_bytes()[:20_000]) for path in sources()]
    originals += _packed(originals)

    def too_long(_signal: int, _frame: object) -> None:
        raise TimeoutError(f"over {SECONDS} s of processor time")

    before = signal.signal(signal.SIGPROF, too_long)
    try:
        for number in range(files):
            chance = random.Random(f"{seed}/{number}")
            name, data = originals[number % len(originals)]
            _, other = chance.choice(originals)
            made = mutated(data, other, chance)
            suffix = Path(name).suffix if chance.random() < 0.7 else Path(chance.choice(originals)[0]).suffix
            path = folder / f"fuzzed{suffix}"
            path.write_bytes(made)
            started = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            try:
                counts = check(path)
                outcome.counts += counts
                outcome.rejected_whole += not counts["Abstract"]
            except Exception as error:  # noqa: BLE001 (what the fuzzer is for)
                outcome.failures.append(f"{number} ({name}, {suffix}): {error!r:.500}")
                if keep is not None:
                    (keep / f"{seed}-{number}{suffix}").write_bytes(made)
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
            outcome.slowest = max(outcome.slowest, (time.process_time() - started, f"{number} ({name})"))
            outcome.files += 1
            path.unlink()
    finally:
        signal.signal(signal.SIGPROF, before)
    return outcome


def main() -> int:
    """Run the fuzzer from the command line; the exit status is 1 when a file failed."""
    faulthandler.enable()
    logging.disable(logging.WARNING)  # guessed encodings, by the thousand
    parser = argparse.ArgumentParser(prog="python -m tests.corpus.fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"), help="folder for files that fail")
    given = parser.parse_args()
    given.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        outcome = fuzz(Path(folder), given.files, given.seed, given.keep)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds, slowest = outcome.slowest
    print(f"{outcome.files:,} files of {len(sources())} originals, seed {given.seed}: {len(outcome.failures)} failed")
    print(f"{outcome.counts['Abstract']:,} abstracts, {outcome.counts['Rejection']:,} rejections;", end=" ")
    print(f"{outcome.rejected_whole:,} files without any abstract")
    print(f"slowest {seconds:.2f} s: {slowest}; peak memory {peak:.0f} MB")
    for failure in outcome.failures[:50]:
        print("FAILED", failure)
    if not any(given.keep.iterdir()):
        given.keep.rmdir()
    return bool(outcome.failures)


if __name__ == "__main__":
    sys.exit(main())
