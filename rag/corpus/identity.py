"""Who an abstract is: identifiers in one spelling, the keys by which two records are the same, and their merging."""

import hashlib
import re
from dataclasses import replace

from rag.records import Abstract
from rag.text import text_key

_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>{}\\\ud800-\udfff]+")
_ARXIV = re.compile(
    r"(?:^|arxiv[.:/]\s*|/(?:abs|pdf|html)/)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(v\d+)?(?:\.pdf)?$", re.I
)
_PMID = re.compile(r"(?:^|pmid:?\s*|pubmed(?:\.ncbi\.nlm\.nih\.gov)?/)(\d{1,8})/?$", re.IGNORECASE)


def normalise_doi(raw: str) -> str:
    """The DOI in ``raw`` (bare, "doi:...", or an address), in lower case; empty where there is none."""
    found = _DOI.search(raw.strip())
    if not found:
        return ""
    doi = found[0].rstrip(".,;:'”’").lower()
    while doi.endswith(")") and doi.count(")") > doi.count("("):
        doi = doi[:-1]
    return doi


def normalise_pmid(raw: str) -> str:
    """The PubMed number in ``raw`` without leading zeros; empty where there is none."""
    found = _PMID.search(raw.strip())
    return found[1].lstrip("0") if found else ""


def normalise_arxiv_id(raw: str) -> str:
    """The arXiv id in ``raw`` (bare, "arXiv:...", or an address), with its version if given; else empty."""
    found = _ARXIV.search(raw.strip())
    return (found[1] + (found[2] or "")).lower() if found else ""


def mentioned_arxiv_id(text: str) -> str:
    """The arXiv id that a note or a journal's name mentions as "arXiv:..."; else empty."""
    mentions = re.findall(r"arxiv[.:]\s?[\w./-]+", text, re.IGNORECASE)
    return next((found for found in map(normalise_arxiv_id, mentions) if found), "")


def identity_keys(abstract: Abstract) -> tuple[str, ...]:
    """The keys of an abstract, strongest first; two records that share one are the same abstract.

    DOI, PMID, arXiv id without its version (also out of arXiv's own DOIs), and a digest of the text's letters
    and digits.
    """
    arxiv = abstract.arxiv_id or normalise_arxiv_id(abstract.doi)
    keys = [
        abstract.doi and f"doi:{abstract.doi}",
        abstract.pmid and f"pmid:{abstract.pmid}",
        arxiv and "arxiv:" + re.sub(r"v\d+$", "", arxiv),
        "text:" + hashlib.sha256(text_key(abstract.text).encode()).hexdigest()[:32],
    ]
    return tuple(key for key in keys if key)


def merge(known: Abstract, other: Abstract) -> Abstract:
    """``known`` with what ``other`` knows better: id and text stay, fuller fields win, all sources are kept.

    A title from a file beats a derived one, more authors beat fewer, and among as many the longer names; a field that
    both have keeps what ``known`` has.
    """
    title = other if known.title_derived and not other.title_derived else known
    fuller = max(known.authors, other.authors, key=lambda names: (len(names), sum(map(len, names))))
    return replace(
        known,
        title=title.title,
        title_derived=title.title_derived,
        authors=fuller,
        year=known.year if known.year is not None else other.year,
        venue=known.venue or other.venue,
        doi=known.doi or other.doi,
        pmid=known.pmid or other.pmid,
        arxiv_id=known.arxiv_id or other.arxiv_id,
        url=known.url or other.url,
        keywords=tuple(dict.fromkeys((*known.keywords, *other.keywords))),
        sources=tuple(dict.fromkeys((*known.sources, *other.sources))),
    )
