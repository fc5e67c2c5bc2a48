"""Answers made by hand, for what draws them."""

from rag.records import Abstract, Answer, AnswerSentence, Citation, Verdict

HOSTILE = (
    '<img src=x onerror="hacked=1"><script>hacked=1</script> [click](javascript:hacked=1) '
    "![leak](http://leak.example/a.png) {{constructor}} ${hacked} `code` *bold* # head\n\n> quote | cell </p>"
)


def abstract(text: str, title: str = "A title", **known: object) -> Abstract:
    """An abstract whose id is its title."""
    return Abstract(id=title, text=text, title=title, **known)  # type: ignore[arg-type]


def sentence(source: Abstract, start: int, end: int, marker: int, verdict: Verdict = "quoted") -> AnswerSentence:
    """A sentence that quotes ``source.text[start:end]``."""
    quote = source.text[start:end]
    return AnswerSentence(quote, verdict, (Citation(marker, source.id, start, end, quote, 1.0),))


def answer(*sentences: AnswerSentence, sources: tuple[Abstract, ...] = (), **known: object) -> Answer:
    """An answer to "Why?" in 20 ms; an abstention when it has no sentence."""
    values = {
        "question": "Why?",
        "query": "Why?",
        "abstained": not sentences,
        "confidence": 0.9,
        "model": "quotes",
        "message": "" if sentences else "The abstracts do not say why.",
        "timings": {"retrieve": 15.0, "compose": 5.0},
    }
    return Answer(sentences=sentences, sources=sources, **{**values, **known})  # type: ignore[arg-type]
