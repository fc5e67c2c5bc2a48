"""Abstracts → BibTeX and RIS, as reference managers read them, and as ``rag.corpus.read`` gives them back unchanged."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from rag.corpus.export_json import csl_json, json_lines
from rag.corpus.people import is_natural
from rag.records import Abstract

_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "$": r"\$", "&": r"\&", "%": r"\%",
    "#": r"\#", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip
"""Braces are spelt out: BibTeX counts \\{ as an opening brace."""
_VERBATIM = ("doi", "url", "eprint")
"""BibTeX fields that hold addresses: LaTeX's escapes would become part of them."""
_LISTS = ("author", "keywords")
"""Fields whose items are escaped one by one."""
_OWN_KEY = re.compile(r"[A-Za-z][\w:.+/-]*", re.ASCII)
_HEXADECIMAL = re.compile(r"[0-9a-f]{12,}")
_LITTLE_WORDS = frozenset(["a", "an", "the", "on", "of", "in", "for", "to", "and", "with", "from", "by", "is", "are"])


def to_bibtex(abstracts: Iterable[Abstract]) -> str:
    """One BibTeX entry an abstract, UTF-8, with keys that are unique among them; empty for none."""
    return "".join(bibtex(abstracts))


def bibtex(abstracts: Iterable[Abstract]) -> Iterator[str]:
    """The entries of ``to_bibtex`` one by one, with a blank line between them."""
    taken = set[str]()
    for abstract in abstracts:
        key = _unused(_key(abstract), taken)
        yield ("\n" if taken else "") + _bibtex_entry(abstract, key)
        taken.add(key)


def _bibtex_entry(abstract: Abstract, key: str) -> str:
    arxiv = bool(abstract.arxiv_id)
    known = {
        "id": abstract.id if abstract.id != key else "",
        "title": abstract.title,
        "author": " and ".join(_author(author) for author in abstract.authors),
        "year": str(abstract.year or ""),
        "journal": abstract.venue,
        "doi": abstract.doi,
        "eprint": abstract.arxiv_id,
        "archiveprefix": "arXiv" if arxiv else "",
        "pmid": abstract.pmid,
        "url": abstract.url,
        "keywords": ", ".join(_braced(keyword, ",") for keyword in abstract.keywords),
        "note": abstract.note,
        "abstract": abstract.text,
    }
    fields = [
        f"  {name} = {{{_verbatim(value) if name in _VERBATIM else value if name in _LISTS else _latex(value)}}},"
        for name, value in known.items()
        if value
    ]
    return "\n".join([f"@{'article' if abstract.venue else 'misc'}{{{key},", *fields, "}", ""])


def _latex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in _line(text))


def _braced(item: str, parting: str) -> str:
    """An item of a BibTeX list, in braces where what matches ``parting`` would part or turn it."""
    escaped = _latex(item)
    return f"{{{escaped}}}" if re.search(parting, item, re.IGNORECASE) else escaped


def _author(name: str) -> str:
    return _braced(name, r",|\band\b|^others$")


def _verbatim(address: str) -> str:
    return re.sub(r"[{}\\\s]", lambda found: f"%{ord(found[0]):02X}", address.strip())


def _key(abstract: Abstract) -> str:
    """The abstract's own id where it can be a key, else SurnameYEARword in ASCII as far as these are known."""
    if _OWN_KEY.fullmatch(abstract.id) and not _HEXADECIMAL.fullmatch(abstract.id):
        return abstract.id
    first = abstract.authors[0] if abstract.authors else ""
    surname = first.split(",")[0] if "," in first else first.split()[-1] if first.split() else ""
    words = [word for word in re.findall(r"\w+", _ascii(abstract.title)) if word.lower() not in _LITTLE_WORDS]
    key = re.sub(r"[^a-z0-9]", "", _ascii(surname).lower()) + str(abstract.year or "")
    key += re.sub(r"[^a-z0-9]", "", words[0].lower()) if words else ""
    return key or re.sub(r"[^A-Za-z0-9]+", "-", abstract.id).strip("-") or "abstract"


def _unused(key: str, taken: set[str]) -> str:
    number, free = 1, key
    while free in taken:
        number += 1
        free = f"{key}-{number}"
    return free


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def to_ris(abstracts: Iterable[Abstract]) -> str:
    """One RIS record an abstract, lines ended by CR LF as the format wants; empty for none."""
    return "".join(ris(abstracts))


def ris(abstracts: Iterable[Abstract]) -> Iterator[str]:
    """The records of ``to_ris`` one by one."""
    return (_ris_record(abstract) for abstract in abstracts)


def _ris_record(abstract: Abstract) -> str:
    fields = [
        ("TY", "JOUR" if abstract.venue else "GEN"),
        ("ID", abstract.id),
        ("TI", abstract.title),
        *(("AU", _ris_author(author)) for author in abstract.authors),
        ("PY", str(abstract.year or "")),
        ("JO", abstract.venue),
        ("DO", abstract.doi),
        ("AN", abstract.pmid and f"PMID:{abstract.pmid}"),
        ("M1", abstract.arxiv_id and f"arXiv:{abstract.arxiv_id}"),
        ("UR", abstract.url),
        *(("KW", keyword) for keyword in abstract.keywords),
        ("N1", abstract.note),
        ("AB", abstract.text),
    ]
    lines = [f"{tag}  - {_line(value)}" for tag, value in fields if value]
    return "\r\n".join([*lines, "ER  - ", "", ""])


def _ris_author(name: str) -> str:
    """A name as it is read again: one with a comma in it as EndNote wants it, "Weinan E" with the family's before a comma."""
    if "," in name or is_natural(name):
        return name.replace(",", ",,", 1)
    given, family = name.rsplit(" ", 1)
    return f"{family}, {given}"


def _line(text: str) -> str:
    """``text`` on one line: a new line would end a RIS field, and a blank one a BibTeX paragraph."""
    return " ".join(text.split())


EXPORTS: dict[str, Callable[[Iterable[Abstract]], Iterator[str]]] = {
    "bibtex": bibtex,
    "ris": ris,
    "csl-json": csl_json,
    "jsonl": json_lines,
}
"""The formats abstracts can be written in; each gives the text piece by piece, in UTF-8 without changed line ends."""
SUFFIXES = {".bib": "bibtex", ".ris": "ris", ".json": "csl-json", ".jsonl": "jsonl", ".ndjson": "jsonl"}
