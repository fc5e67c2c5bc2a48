"""Who an abstract is: identifiers in one spelling, the keys by which two records are the same, and their merging.

A shared key says that two records are the same paper unless what they say is plainly about two: proceedings give their
DOI to every paper, DOIs are copied wrongly, and a notice's text stands under many titles. Those stay apart.
"""

import hashlib
import re
from dataclasses import replace
from urllib.parse import unquote

from rag.records import Abstract
from rag.text import INVISIBLE, content_words, text_key

_DOI = re.compile(r"10\.\d{4,9}/(?:[^\s\"<>{}\\\ud800-\udfff]|<(?:[\w.+-]{0,30}::|\d[\w.+-]{0,30}:)[\w.+-]{1,60}>)+")
"""Of angle brackets only those around the page and the code of a title, as Wiley and others made DOIs out of SICIs."""
_ADDRESS = re.compile(r"https?://(?P<resolver>(?:[\w-]+\.)?doi\.org/)?", re.IGNORECASE)
_PAGE = re.compile(r"(?:/(?:full|abstract|pdf|epdf|meta)|\.(?:full(?:-text)?|abstract|pdf)){1,3}$", re.IGNORECASE)
_PREPRINT = re.compile(r"(?<=\d)v\d+$", re.IGNORECASE)
_ENDS = ".,;:'”’"
_ARXIV = re.compile(
    r"(?:^|arxiv[.:/]\s*|/(?:abs|pdf|html)/)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(v\d+)?(?:\.pdf)?$", re.I
)
_PMID = re.compile(r"(?:^|pmid:?\s*|pubmed(?:\.ncbi\.nlm\.nih\.gov)?/)(\d{1,8})(?:\.0|/)?$", re.IGNORECASE)


_INITIALS = re.compile(r"(?:[A-Z]\.?-?){1,3}")
_OTHER_TEXT = 0.3
"""Share of the shorter text's content words that stand in the other, under which they are two texts: abstracts of one ML
venue and year have 0.10 on average and 0.30 at the 99.9th percentile, an abstract and its first third have 1."""
_LIKE_TITLE, _OTHER_TITLE = 0.5, 0.3
"""The same share for titles: from the first on they name one paper, under the second two."""


def normalise_doi(raw: str) -> str:
    """The DOI in ``raw`` (bare, "doi:...", or an address), in lower case; empty where there is none."""
    return next(filter(None, map(_doi, INVISIBLE.sub("", raw).split())), "")


def _doi(word: str) -> str:
    """The DOI in a word; in an address its escapes are read, and what a publisher adds behind the DOI goes."""
    found = _DOI.search(word)
    address = _ADDRESS.search(word, 0, found.start() if found else len(word))
    if address:
        word = INVISIBLE.sub("", unquote(word))
        found = _DOI.search(word)
    if not found:
        return ""
    doi = found[0]
    if address and not address["resolver"]:
        parting = "[?#&]" if "?" in word[: found.start()] else "[?#]"  # PLOS: article?id=10...&type=printable
        doi = _PAGE.sub("", re.split(parting, doi)[0].rstrip(_ENDS))
        doi = _PREPRINT.sub("", doi) if doi.startswith("10.1101/") else doi
    doi = doi.rstrip(_ENDS).lower()
    closing = doi.count(")", len(doi.rstrip(_ENDS + ")")))
    doi = doi.rsplit(")", max(0, min(closing, doi.count(")") - doi.count("("))))[0].rstrip(_ENDS)
    return doi if _DOI.fullmatch(doi) else ""


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


def same_paper(one: Abstract, other: Abstract) -> bool:
    """Whether two records that share a key are one paper, by what they say.

    With one text they are, unless both have titles that are unlike and authors, or else DOIs, that differ. With one
    identifier they are when their texts or their titles are alike.
    """
    titled = not one.title_derived and not other.title_derived
    titles = overlap(one.title, other.title) if titled else None
    if text_key(one.text) == text_key(other.text):
        return titles is None or titles >= _OTHER_TITLE or not _differ(one, other)
    return (titles is not None and titles >= _LIKE_TITLE) or overlap(one.text, other.text) >= _OTHER_TEXT


def _differ(one: Abstract, other: Abstract) -> bool:
    if one.authors and other.authors:
        return not share_an_author(one, other)
    return bool(one.doi and other.doi and one.doi != other.doi)


def overlap(one: str, other: str) -> float:
    """The share (0..1) of the content words of the one with fewer that stand in the other."""
    left, right = set(content_words(one)), set(content_words(other))
    return len(left & right) / max(1, min(len(left), len(right)))


def share_an_author(one: Abstract, other: Abstract) -> bool:
    """Whether some surname stands among the authors of both, whichever way the names are written."""
    return not _surnames(one).isdisjoint(_surnames(other))


def _surnames(abstract: Abstract) -> set[str]:
    return {text_key(_surname(name)) for name in abstract.authors} - {""}


def _surname(name: str) -> str:
    """Of "Lovelace, Ada", "Ada Lovelace" or PubMed's "Lovelace AK"."""
    if "," in name:
        return name.split(",")[0]
    parts = name.split()
    while len(parts) > 1 and _INITIALS.fullmatch(parts[-1]):
        parts.pop()
    return parts[-1] if parts else ""


def merge(known: Abstract, other: Abstract) -> Abstract:
    """``known`` with what ``other`` knows better: id and text stay, fuller fields win, all sources are kept.

    A title from a file beats a derived one, more authors beat fewer, and among as many the longer names; a field that
    both have keeps what ``known`` has, but a publisher's DOI beats arXiv's own, and an arXiv id its earlier versions. One
    that says retracted is enough.
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
        doi=min(filter(None, (known.doi, other.doi)), key=_is_arxiv_doi, default=""),
        pmid=known.pmid or other.pmid,
        arxiv_id=max(known.arxiv_id, other.arxiv_id, key=_arxiv_version),
        url=known.url or other.url,
        retracted=known.retracted or other.retracted,
        keywords=tuple(dict.fromkeys((*known.keywords, *other.keywords))),
        sources=tuple(dict.fromkeys((*known.sources, *other.sources))),
    )


def _is_arxiv_doi(doi: str) -> bool:
    return normalise_arxiv_id(doi) != ""


def _arxiv_version(arxiv_id: str) -> tuple[bool, int]:
    """Orders arXiv ids by whether there is one, then by the version it names."""
    version = re.search(r"v(\d+)$", arxiv_id)
    return bool(arxiv_id), int(version[1]) if version else 0
