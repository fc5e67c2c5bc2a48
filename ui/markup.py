"""Text made safe for HTML and Markdown, and the outward links of an abstract.

Abstracts, titles and questions are data from files and people. Nothing in them may become markup, script or a link
that was not built here.
"""

import html
import re
from urllib.parse import quote, urlsplit

from rag.records import Abstract

# Left alone, C0 controls break attributes and bidirectional overrides let a text pass for another one.
_DECEPTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|~$&:@-])")


def escape(text: str) -> str:
    """``text`` for HTML content or a quoted attribute, on one line: new lines and tabs become character references."""
    return html.escape(_DECEPTIVE.sub("", text)).replace("\n", "&#10;").replace("\t", "&#9;")


def attributes(**values: object) -> str:
    """HTML attributes with escaped values: underscores become hyphens, None and False are left out, True stands bare."""
    parts = []
    for name, value in values.items():
        name = name.rstrip("_").replace("_", "-")
        if value is True:
            parts.append(name)
        elif value is not None and value is not False:
            parts.append(f'{name}="{escape(str(value))}"')
    return " ".join(parts)


def escape_markdown(text: str) -> str:
    """``text`` as literal Markdown on one line: no link, image, emphasis, HTML or heading comes of it."""
    literal = _MARKDOWN.sub(r"\\\1", " ".join(_DECEPTIVE.sub("", text).split()))
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", literal)


def links(abstract: Abstract) -> list[tuple[str, str]]:
    """(label, address) of everywhere the paper can be read, http(s) addresses only, each address once."""
    found = []
    if abstract.doi:
        found.append(("DOI", "https://doi.org/" + quote(abstract.doi, safe="/:;()-._")))
    if abstract.arxiv_id:
        found.append(("arXiv", "https://arxiv.org/abs/" + quote(abstract.arxiv_id, safe="/.")))
    if abstract.pmid:
        found.append(("PubMed", f"https://pubmed.ncbi.nlm.nih.gov/{quote(abstract.pmid, safe='')}/"))
    if (host := _host(abstract.url)) and abstract.url not in [address for _, address in found]:
        found.append((host, abstract.url))
    return found


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts.hostname or "" if parts.scheme in ("http", "https") else ""
