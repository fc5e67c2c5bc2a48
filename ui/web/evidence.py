"""The evidence panel as HTML: whole abstracts with the cited sentences marked. One line each, escaped."""

from collections.abc import Sequence

from rag.records import Abstract, Answer, Citation
from ui.markup import attributes, escape, links
from ui.render import highlighted, quotes
from ui.web.transcript import button


def answer_evidence(answer: Answer, turn: int, marker: int | None = None, places: str = "") -> str:
    """The sources of an answer in marker order; the one of ``marker`` asks for the focus, with ``places`` in it."""
    cited = quotes(answer)
    articles = "".join(
        _source(source, cited.get(number, ()), f"turn-{turn}-", number)
        for number, source in enumerate(answer.sources, start=1)
    )
    focus = f"turn-{turn}-source-{marker}" if marker else None
    told = attributes(class_="sources", data_focus=focus, data_places=places or None)
    heading = f"Evidence for question {turn + 1}"
    return f"<div {told}>{_head(heading)}{articles}</div>"


def abstract_evidence(abstract: Abstract) -> str:
    """One abstract by itself, as the library and the map open it."""
    found_in = "".join(f"<li>{escape(_place(source.path, source.record))}</li>" for source in abstract.sources)
    origin = f'<div class="origin"><h3>Read from</h3><ul>{found_in}</ul></div>' if found_in else ""
    article = _source(abstract, (), "open-", 0)
    return f'<div class="sources" data-focus="open-source-0">{_head("Abstract")}{article}{origin}</div>'


def nothing_yet() -> str:
    """What the panel says before anything is in it."""
    return (
        f'<div class="sources empty">{_head("Evidence")}<p>Follow a footnote, or open an abstract, '
        "to read it here with the cited sentences marked.</p></div>"
    )


def _head(heading: str) -> str:
    return f'<div class="panel-head"><h2>{escape(heading)}</h2>{button("Close", "close", class_="close")}</div>'


def _source(abstract: Abstract, cited: Sequence[Citation], prefix: str, marker: int) -> str:
    number = f'<span class="marker" aria-hidden="true">{marker}</span>' if marker else ""
    addresses = "".join(
        f"<a {attributes(href=address, target='_blank', rel='noopener noreferrer')}>{escape(label)}</a>"
        for label, address in links(abstract)
    )
    known = abstract.byline(most=12)
    derived = '<span class="derived">title taken from the text</span>' if abstract.title_derived else ""
    told = attributes(class_="source", id=f"{prefix}source-{marker}", tabindex=-1, aria_label=abstract.heading)
    also = "".join(f" {button(each, 'open', id=each, class_='inline')}" for each in abstract.versions)
    versions = f'<p class="byline versions">Also here as{also}</p>' if also else ""
    return (
        f"<article {told}><h3>{number}{escape(abstract.heading)}</h3>"
        f'<p class="byline">{escape(known)}{" · " if known and derived else ""}{derived}</p>{versions}'
        f"{_text(abstract, cited, f'{prefix}{marker}-')}"
        f'<p class="links">{addresses}</p></article>'
    )


def _text(abstract: Abstract, cited: Sequence[Citation], prefix: str) -> str:
    """The text with the cited places marked, or the quotes alone when the abstract has gone or changed since."""
    if abstract.text and all(abstract.text[each.start : each.end] == each.quote for each in cited):
        marked = highlighted(abstract.text, [(each.start, each.end) for each in cited], prefix)
        return f'<p class="text">{marked}</p>'
    said = "has changed since" if abstract.text else "is no longer in the library"
    kept = "".join(f"<p class=text><mark>{escape(each.quote)}</mark></p>" for each in cited)
    return f'<p class="gone">This abstract {said}; the cited sentences were kept.</p>{kept}'


def _place(path: str, record: int) -> str:
    return f"{path.rsplit('/', 1)[-1]}, record {record}"


def problem(sentence: str) -> str:
    """An error where the evidence would be."""
    return f'<div class="sources empty">{_head("Evidence")}<p class="error" role="alert">{escape(sentence)}</p></div>'
