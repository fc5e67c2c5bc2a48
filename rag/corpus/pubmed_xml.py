"""PubMed XML (PubmedArticleSet), as efetch and the yearly baseline give it."""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree.ElementTree import Element

from rag.corpus.lines import Line
from rag.corpus.medline import without_stop
from rag.corpus.record import Record, digest
from rag.corpus.xml_records import first, given, read_elements, text_of, texts
from rag.records import Rejection

_HEAD = re.compile(r"<(?:PubmedArticleSet|PubmedArticle|PubmedBookArticle)[\s>]")


def is_pubmed_xml(_suffix: str, head: str) -> bool:
    """Whether a file is XML with PubMed's elements in it."""
    return head.lstrip().startswith("<") and _HEAD.search(head) is not None


def read_pubmed_xml(path: str, lines: Iterable[Line | Rejection]) -> Iterator[Record | Rejection]:
    """A record of every article and every book chapter."""
    for found in read_elements(path, lines, ["PubmedArticle", "PubmedBookArticle"]):
        if isinstance(found, Rejection):
            yield found
        else:
            yield Record(path, found.number, given(_fields(found.element)), digest(found.source))


def _fields(article: Element) -> dict[str, Any]:
    pmid = first(article, "MedlineCitation/PMID", "BookDocument/PMID")
    journal = "MedlineCitation/Article/Journal/"
    return {
        "id": pmid,
        "title": without_stop(
            first(
                article,
                "MedlineCitation/Article/ArticleTitle",
                "MedlineCitation/Article/VernacularTitle",
                "BookDocument/ArticleTitle",
                "BookDocument/Book/BookTitle",
            )
        ),
        "authors": _authors(article),
        "year": first(
            article,
            journal + "JournalIssue/PubDate/Year",
            journal + "JournalIssue/PubDate/MedlineDate",
            "MedlineCitation/Article/ArticleDate/Year",
            "BookDocument/Book/PubDate/Year",
        ),
        "venue": first(article, journal + "Title", journal + "ISOAbbreviation", "BookDocument/Book/BookTitle"),
        "doi": first(
            article,
            "MedlineCitation/Article/ELocationID[@EIdType='doi']",
            "PubmedData/ArticleIdList/ArticleId[@IdType='doi']",
            "BookDocument/ArticleIdList/ArticleId[@IdType='doi']",
        ),
        "pmid": pmid,
        "url": f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid.isdecimal() else "",
        "keywords": [
            *texts(article, ".//KeywordList/Keyword"),
            *texts(article, "MedlineCitation/MeshHeadingList/MeshHeading/DescriptorName"),
        ],
        "abstract": _abstract(article),
        "publication_types": texts(article, ".//PublicationTypeList/PublicationType"),
    }


def _abstract(article: Element) -> str:
    """The sections of the abstract, each after its label."""
    sections = article.findall("./*//Abstract/AbstractText") or article.findall("./*//OtherAbstract/AbstractText")
    labelled = ((each.get("Label", "").strip(), text_of(each).strip()) for each in sections)
    return " ".join(f"{label}: {text}" if label and label != "UNLABELLED" else text for label, text in labelled if text)


def _authors(article: Element) -> list[dict[str, str]]:
    """The authors of the article or the chapter; those of the book where the chapter has none of its own."""
    places = ("MedlineCitation/Article", "BookDocument", "BookDocument/Book")
    found = (article.findall(f"{place}/AuthorList/Author") for place in places)
    return [_author(each) for each in next(filter(None, found), [])]


def _author(author: Element) -> dict[str, str]:
    """A name as given and family name; a group has only one name."""
    family = first(author, "LastName", "CollectiveName")
    return {"given": first(author, "ForeName", "Initials"), "family": family, "suffix": first(author, "Suffix")}
