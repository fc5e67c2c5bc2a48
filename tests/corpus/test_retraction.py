"""What says of a paper that it is retracted, and what only speaks of it."""

import pytest

from rag.corpus import Record, clean
from rag.records import Abstract


def _clean(**fields: object) -> Abstract:
    made = clean(
        Record("f.jsonl", 1, {"title": "Snails", "abstract": "Snails are slow, as was found.", **fields}, "0" * 32)
    )
    assert isinstance(made, Abstract)
    return made


@pytest.mark.parametrize(
    "title",
    [
        "RETRACTED: A study of snails",
        "[Retracted] A study of snails",
        "RETRACTED ARTICLE: Snails",
        "Retracted Article. Snails",
        "WITHDRAWN: Snails",
        "Retraction notice to “Snails are fast”",
        "Retraction: Snails are fast",
        "Notice of Retraction: Snails",
        "Statement of Retraction: Snails",
        "Snails are fast (Retracted)",
        "Snails are fast [RETRACTED ARTICLE]",
        "Snails are fast: retraction",
        "Snails are fast (Retracted article. See vol 375, pg 445, 2010)",
    ],
)
def test_a_title_says_so(title: str) -> None:
    """In the forms that publishers and PubMed write."""
    assert _clean(title=title).retracted


@pytest.mark.parametrize(
    "title",
    [
        "Gingival retraction techniques",
        "Retraction of the tongue in apnoea",
        "Why are papers retracted?",
        "Retracted papers and their citations",
        "Withdrawal symptoms: a review",
        "Retraction-based optimisation on manifolds",
    ],
)
def test_a_title_about_retraction_says_nothing(title: str) -> None:
    """Surgery, mathematics and bibliometrics use the word too."""
    assert not _clean(title=title).retracted


@pytest.mark.parametrize(
    ("fields", "retracted"),
    [
        ({"keywords": ["Humans", "Retracted Publication"]}, True),
        ({"publication_types": ["Journal Article", "Retraction of Publication"]}, True),
        ({"is_retracted": True}, True),
        ({"is_retracted": False}, False),
        ({"update-to": [{"type": "retraction", "DOI": "10.1000/x"}]}, True),
        ({"update-to": [{"type": "correction", "DOI": "10.1000/x"}]}, False),
        ({"note": "Title derived from the abstract. Retracted"}, True),
        ({"comments": "This paper has been withdrawn by the authors"}, True),
        ({"abstract": "This paper has been withdrawn by the author due to an error in equation 3."}, True),
        ({"DT": ["Article; Retracted Publication"]}, True),
        ({"M3": ["Article; Retracted Publication"]}, True),
        ({"pubTypeList": {"pubType": ["Journal Article", "Retracted Publication"]}}, True),
        ({"Document Type": "Retracted"}, True),
        ({"Document Type": "Article"}, False),
        ({"keywords": ["retraction", "manifolds"]}, False),
        ({"note": "We study retracted papers."}, False),
    ],
)
def test_a_field_says_so(fields: dict[str, object], retracted: bool) -> None:
    """PubMed's types, OpenAlex's flag, Crossref's updates, arXiv's comments, a note of our own export."""
    assert _clean(**fields).retracted is retracted
