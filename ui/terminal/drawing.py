"""Answers and hits as styled terminal text. Only weight and brightness, so that dark and light terminals both read well."""

from functools import cache

from rich.console import Console
from rich.text import Text

from rag.records import Answer, Hit
from ui.render import to_text


@cache
def console() -> Console:
    """Standard output; without colours when it is not a terminal or NO_COLOR is set."""
    return Console(highlight=False, soft_wrap=True)


def answer_lines(answer: Answer) -> Text:
    """The answer in bold weight, its footnotes below, the summary line dimmed."""
    head, *rest = to_text(answer).split("\n")
    text = Text(head + "\n", style="bold")
    for line in rest[:-1]:
        text.append(line + "\n", style="not bold")
    return text.append(rest[-1], style="not bold dim")


def hit_lines(place: int, hit: Hit) -> Text:
    """A hit in three lines: title and reference, id and score, nearest sentence."""
    text = Text(f"{place:>3}. ")
    text.append(hit.abstract.reference + "\n", style="bold")
    text.append(f"     {hit.abstract.id} · score {hit.score:.3f}\n", style="dim")
    if hit.evidence:
        text.append(f"     “{hit.evidence[0].sentence.text}”\n")
    return text
