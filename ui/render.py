"""An Answer as text, Markdown and HTML: the one place that knows what an answer looks like."""

from collections.abc import Iterable, Sequence

from rag.records import Answer, AnswerSentence, Citation
from ui.markup import attributes, escape, escape_markdown, links

_BACKED = ("quoted", "supported")
_REMARKS = {"unsupported": "not supported by the abstracts", "contradicted": "at odds with the abstracts"}


def verdict(answer: Answer) -> str:
    """What the check said, in a line: "3 of 3 sentences supported", or that nothing answers the question."""
    if answer.abstained:
        return "The abstracts do not answer this"
    backed = sum(sentence.verdict in _BACKED for sentence in answer.sentences)
    count = len(answer.sentences)
    line = f"{backed} of {count} sentence{'' if count == 1 else 's'} supported"
    if answer.dropped:
        line += f", {len(answer.dropped)} unsupported left out"
    return line


def not_said(answer: Answer) -> str:
    """What an abstention says; ``Answer.message`` runs together what is set apart here as the query and the nearest."""
    if answer.nearest:
        return "The abstracts do not say."
    return "No abstract matches; the library may be empty, or a filter too narrow."


def seconds(answer: Answer) -> float:
    """How long the answer took: the stage called total where there is one, else the sum of the stages."""
    return answer.timings.get("total", sum(answer.timings.values())) / 1000


def summary(answer: Answer) -> str:
    """Verdict, composer and time in a line of plain text."""
    return f"{verdict(answer)} · {answer.model} · {seconds(answer):.2f} s"


def quotes(answer: Answer) -> dict[int, list[Citation]]:
    """The citations by marker, each place of an abstract once, in the order of the abstract."""
    found: dict[int, dict[int, Citation]] = {}
    for sentence in answer.sentences:
        for citation in sentence.citations:
            found.setdefault(citation.marker, {})[citation.start] = citation
    return {marker: [places[start] for start in sorted(places)] for marker, places in sorted(found.items())}


def to_text(answer: Answer) -> str:
    """Plain text: the answer with [1] markers, the numbered footnotes under it, then the summary line."""
    said = (
        f"{each.text}{_remark(each)}" + "".join(f" [{marker}]" for marker in each.markers) for each in answer.sentences
    )
    lines = [not_said(answer) if answer.abstained else " ".join(said), ""]
    if answer.abstained:
        lines += [f"Looked for: {answer.query}", ""]
        if answer.nearest:
            lines += ["Nearest abstracts:", *(f"  - {near.reference}" for near in answer.nearest), ""]
    for marker, cited in quotes(answer).items():
        lines.append(f"[{marker}] {answer.sources[marker - 1].reference}")
        lines += [f"    “{citation.quote}”" for citation in cited]
        source = answer.sources[marker - 1]
        lines += [f"    {address}" for _, address in links(source)[:1]]
        lines += [f"    also here as {', '.join(source.versions)}"] if source.versions else []
    if not answer.abstained:
        lines.append("")
    return "\n".join([*lines, summary(answer)])


def to_markdown(answer: Answer, first: int = 1) -> str:
    """Markdown with footnotes as in Pandoc and GitHub; everything that comes from abstracts is literal text.

    Footnotes are numbered from ``first``, so that several answers can stand in one document.
    """
    if answer.abstained:
        near = "".join(f"\n- {escape_markdown(abstract.reference)}" for abstract in answer.nearest)
        looked = f"{escape_markdown(not_said(answer))} Looked for: {escape_markdown(answer.query)}"
        return looked + (f"\n\nNearest abstracts:\n{near}" if near else "") + "\n"
    body = " ".join(
        escape_markdown(sentence.text)
        + _remark(sentence)
        + "".join(f"[^{marker + first - 1}]" for marker in sentence.markers)
        for sentence in answer.sentences
    )
    notes = []
    for marker, cited in quotes(answer).items():
        source = answer.sources[marker - 1]
        places = " ".join(f"“{escape_markdown(citation.quote)}”" for citation in cited)
        addresses = "".join(f" <{address}>" for _, address in links(source))
        notes.append(f"[^{marker + first - 1}]: {escape_markdown(source.reference)}{addresses} {places}")
    return "\n".join([body, "", "\n\n".join(notes), "", f"*{escape_markdown(summary(answer))}*", ""])


def to_html(answer: Answer, prefix: str = "") -> str:
    """The answer as one line of HTML; footnote links point at ``#{prefix}source-{marker}``.

    A link carries its marker and the places it cites (``data-places="start-end ..."``), so that a page can show them.
    """
    if answer.abstained:
        return f'<p class="abstention">{escape(not_said(answer))}</p>'
    return (
        f'<p class="answer">{" ".join(_sentence_html(sentence, answer, prefix) for sentence in answer.sentences)}</p>'
    )


def _sentence_html(sentence: AnswerSentence, answer: Answer, prefix: str) -> str:
    notes = []
    for marker in sentence.markers:
        places = " ".join(f"{each.start}-{each.end}" for each in sentence.citations if each.marker == marker)
        told = attributes(
            class_="footnote",
            href=f"#{prefix}source-{marker}",
            data_marker=marker,
            data_places=places,
            aria_label=f"Footnote {marker}: {answer.sources[marker - 1].heading}",
        )
        notes.append(f"<a {told}>{marker}</a>")
    remark = _remark(sentence)
    mark = f' <span class="remark">{escape(remark.strip())}</span>' if remark else ""
    sup = f"<sup>{'<span>,</span>'.join(notes)}</sup>" if notes else ""
    return f'<span class="sentence {sentence.verdict}">{escape(sentence.text)}{mark}{sup}</span>'


def _remark(sentence: AnswerSentence) -> str:
    remark = _REMARKS.get(sentence.verdict)
    return f" ({remark})" if remark else ""


def highlighted(text: str, places: Iterable[tuple[int, int]], prefix: str = "") -> str:
    """``text`` as HTML with ``text[start:end]`` of every place marked; overlapping places are joined."""
    parts, done = [], 0
    for start, end in _joined(places, len(text)):
        marked = attributes(id=f"{prefix}place-{start}", data_start=start, data_end=end)
        parts += [escape(text[done:start]), f"<mark {marked}>{escape(text[start:end])}</mark>"]
        done = end
    return "".join([*parts, escape(text[done:])])


def _joined(places: Iterable[tuple[int, int]], length: int) -> Sequence[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted((max(start, 0), min(end, length)) for start, end in places):
        if start >= end:
            continue
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
