"""Proposing a question set for a corpus, for a person to edit."""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from eval.questions import Question, parse
from rag.records import Abstract, Sentence
from rag.text import content_words, split_sentences

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

Ask = Callable[[Abstract, Sentence], str]
"""Makes a question that the sentence answers; "" when it finds none."""

_FACT = re.compile(r"\b(?:\d[\d,.]*\d|\d|[A-Z][\w-]*[A-Z0-9][\w-]*)\b(?:\s?%)?")
_MIN_WORDS, _MAX_WORDS = 6, 60
_KEYWORDS = 4


def draft(abstracts: Sequence[Abstract], count: int, ask: Ask, *, seed: int = 0) -> Iterator[Question]:
    """Up to ``count`` questions, spread over the abstracts, each with its gold sentence and key facts.

    The key facts are the numbers and names of the sentence that the question does not give away. Every question is
    answerable; near misses and off-topic ones are for a person to add.
    """
    chooser = random.Random(seed)  # noqa: S311 (a choice of samples, not a secret)
    sentences = [
        (abstract, sentence)
        for abstract in abstracts
        for sentence in split_sentences(abstract.text)
        if _MIN_WORDS <= len(sentence.text.split()) <= _MAX_WORDS
    ]
    made = 0
    for abstract, sentence in _spread(sentences, chooser):
        if made == count:
            return
        question = ask(abstract, sentence)
        if question:
            made += 1
            yield _question(made, question, abstract, sentence)


def keyword_question(abstract: Abstract, sentence: Sentence) -> str:
    """Without a language model: the sentence's most telling words, as one types them into a search box.

    Telling are words that the sentence does not share with the rest of its abstract; numbers would be the answer.
    """
    elsewhere = content_words(abstract.text[: sentence.start] + " " + abstract.text[sentence.end :])
    own = list(dict.fromkeys(word for word in content_words(sentence.text) if not any(map(str.isdigit, word))))
    fresh = [word for word in own if word not in elsewhere]
    shared = sorted((word for word in own if word in elsewhere), key=lambda word: -elsewhere.count(word))
    chosen = {*shared[:2], *sorted(fresh, key=len, reverse=True)[: _KEYWORDS - len(shared[:2])]}
    return " ".join(word for word in own if word in chosen) if len(chosen) >= 3 else ""


def llm_question(llm: "LLM") -> Ask:
    """A maker that asks a language model; a reply that is not one question is dropped."""
    from llama_index.core.llms import ChatMessage

    def ask(abstract: Abstract, sentence: Sentence) -> str:
        prompt = (
            f"Abstract: {abstract.text}\n\nSentence: {sentence.text}\n\n"
            "Write one short question that this sentence answers, as a researcher who has not read it would ask it. "
            "Do not speak of the sentence, the abstract or the authors. Write only the question."
        )
        reply = (llm.chat([ChatMessage(role="user", content=prompt)]).message.content or "").strip().strip('"')
        found = re.match(r"[^\n?]{10,250}\?", reply)
        return found.group() if found else ""

    return ask


def _spread(
    sentences: Sequence[tuple[Abstract, Sentence]], chooser: random.Random
) -> Iterator[tuple[Abstract, Sentence]]:
    """The sentences in rounds: one of each abstract before any gets its second."""
    by_abstract: dict[str, list[tuple[Abstract, Sentence]]] = {}
    for pair in sentences:
        by_abstract.setdefault(pair[0].id, []).append(pair)
    piles = list(by_abstract.values())
    chooser.shuffle(piles)
    for pile in piles:
        chooser.shuffle(pile)
    while piles:
        for pile in piles:
            yield pile.pop()
        piles = [pile for pile in piles if pile]


def _question(number: int, text: str, abstract: Abstract, sentence: Sentence) -> Question:
    said = text.casefold()
    facts = [fact for fact in dict.fromkeys(_FACT.findall(sentence.text)) if fact.casefold() not in said]
    return parse(
        {
            "id": f"draft-{number:03}",
            "question": text,
            "type": "descriptive" if text.endswith("?") else "sloppy",
            "answerable": True,
            "gold_abstract_ids": [abstract.id],
            "gold_evidence": [{"abstract_id": abstract.id, "sentences": [sentence.text]}],
            "key_facts": [[fact] for fact in facts[:3]],
            "reference_answer": sentence.text,
        }
    )
