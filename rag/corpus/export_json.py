"""Abstracts → CSL-JSON, as Zotero and pandoc read it, and JSON Lines, as ``rag.corpus.read`` gives them back unchanged."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from rag.corpus.people import is_natural
from rag.records import Abstract, as_json

_PERSON = re.compile(r"(?:[^\W\d_]|[.'’ -])+")
_PARTICLE = re.compile(r"\s(?=(?:(?:van|von|der|den|de|del|della|di|da|dos|du|la|le|ten|ter|zu|zur)\s)+\S+$)")


def json_lines(abstracts: Iterable[Abstract]) -> Iterator[str]:
    """One object a line with everything that is known of an abstract but its place in this corpus."""
    for abstract in abstracts:
        fields = {
            name: value for name, value in as_json(abstract).items() if name not in ("sources", "versions") and value
        }
        if not all(map(is_natural, abstract.authors)):
            fields["authors"] = [each if is_natural(each) else {"literal": each} for each in abstract.authors]
        yield orjson.dumps(fields).decode() + "\n"


def csl_json(abstracts: Iterable[Abstract]) -> Iterator[str]:
    """One array of items, an item a line."""
    before = "[\n"
    for abstract in abstracts:
        yield before + orjson.dumps(_item(abstract)).decode()
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _item(abstract: Abstract) -> dict[str, Any]:
    known = {
        "id": abstract.id,
        "type": "article-journal" if abstract.venue else "article",
        "title": abstract.title,
        "author": [_name(author) for author in abstract.authors],
        "issued": {"date-parts": [[abstract.year]]} if abstract.year is not None else None,
        "container-title": abstract.venue,
        "DOI": abstract.doi,
        "PMID": abstract.pmid,
        "number": abstract.arxiv_id and f"arXiv:{abstract.arxiv_id}",
        "URL": abstract.url,
        "keyword": "; ".join(abstract.keywords) + (";" if "," in "".join(abstract.keywords[:1]) else ""),
        "note": abstract.note,
        "abstract": abstract.text,
    }
    return {name: value for name, value in known.items() if value}


def _name(author: str) -> dict[str, str]:
    """A person's name in its two parts, the particles with the family's; one that is not plainly so as it is."""
    if " " not in author or not _PERSON.fullmatch(author):
        return {"literal": author}
    particle = _PARTICLE.search(author)
    given, family = (author[: particle.start()], author[particle.end() :]) if particle else author.rsplit(" ", 1)
    return {"family": family, "given": given}
