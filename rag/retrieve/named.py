"""Papers that are named by a DOI, PMID or arXiv id: in a question, they alone are searched, by their titles."""

import re
from dataclasses import dataclass, replace

from rag.corpus.identity import identity_keys, normalise_arxiv_id, normalise_doi, normalise_pmid
from rag.index.catalog import Catalog
from rag.records import Abstract, Filters

_MENTION = re.compile(r"(?:[^\w\s]*(?:doi|arxiv|(?P<pubmed>pmid|pubmed(?: id)?)):? )?\S+", re.IGNORECASE)
_AFTER = "?!.,;:'\"”’…]"
_SHARING = 10
"""Papers that are told apart at most where one identifier, a proceedings' DOI, is that of several."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is searched for, and the filters that keep the search to the papers it names."""

    question: str
    filters: Filters | None


def spelt_out(catalog: Catalog, question: str, filters: Filters | None = None) -> Asked:
    """The question with titles in the place of identifiers, to be searched for in the papers that have these.

    Identifiers that the corpus does not hold stay words like any other. Filters hold as before.
    """
    ids: list[str] = []
    for written, papers in named(catalog, question).items():
        ids += [paper.id for paper in papers]
        if len(papers) == 1:
            question = question.replace(written, papers[0].title)
    if ids:
        filters = filters or Filters()
        filters = replace(filters, ids=tuple(each for each in ids if each in (filters.ids or ids)) or filters.ids)
    return Asked(question, filters)


def named(catalog: Catalog, text: str) -> dict[str, list[Abstract]]:
    """The papers in the corpus whose identifiers stand in ``text``, by the identifier as it is written there."""
    found = {}
    for mention in _MENTION.finditer(text):
        written = mention[0].rstrip(_AFTER).removesuffix("'s").removesuffix("’s")
        word = written.split(" ")[-1]
        bare = word.strip("()")
        # A number may be anything, unless it is called a PMID or is all there is.
        is_pmid = not bare.isdigit() or mention["pubmed"] or written == text
        claimed = Abstract(
            id="", text="", title="", doi=normalise_doi(word), arxiv_id=normalise_arxiv_id(bare),
            pmid=normalise_pmid(bare) if is_pmid else "",
        )  # fmt: skip
        *names, _ = identity_keys(claimed)  # the last one is the text's
        keys = sorted({key for name in names for key in catalog.find(name, _SHARING)})
        if papers := list(catalog.abstracts(keys).values()):
            found[written] = papers
    return found
