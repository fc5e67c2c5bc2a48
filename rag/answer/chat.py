"""Follow-ups: a question that leans on the conversation becomes one that can be searched for on its own.

Rules alone decide whether it leans, so that an independent question is never touched. What is missing is then filled
in by a language model, if there is one and what it wrote can be trusted, or else by the rules.
"""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rag.answer.llm import draft
from rag.answer.prompts import NO_ANSWER, standalone_prompt
from rag.errors import LLMError
from rag.text import content_words, words

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

History = Sequence[tuple[str, str]]
"""Questions and their answers, oldest first."""

_TURNS = 100  # each may lean on the one before it
_TOPIC_WORDS = 6
_LONGEST_REWRITE = 60  # words

_METHOD = (
    "(?:algorithm|approach|architecture|framework|library|method|model|network|pipeline|procedure|system|technique|tool"
    "|toolkit)"
)
_WORK = (
    rf"(?:{_METHOD}|analysis|approaches|article|author|benchmark|corpus|dataset|experiment|finding|idea|metric|paper"
    "|researcher|result|solution|stud(?:y|ies)|survey|test|theory|work)s?"
)

# What is asked about a thing, not which thing: alone, these words find nothing.
_GENERIC = frozenset(
    """
    abstract accuracy accurate achieve actually add advantage aim algorithm already amount analysis answer
    anybody anyone anything applications applied applies apply approach architecture article assess assumption
    author average based baseline beat benchmark besides best better big build built called case change check
    claim code collect come compare comparison complete conclude conclusion condition consider contain
    contribution cost cover data dataset deal define describe designed detail develop difference different
    difficult disadvantage discuss do downside drawback easy effect effective efficient elaborate evaluate
    evaluation even evidence exactly example exist expensive experiment explain extend fail fast faster feature
    figure find findings first found framework future gain general generalise generalize give given goal good
    handle happen help high higher hold idea implement important improve improvement include introduce involve
    issue just key kind know known large larger last less library like limit limitation long low lower made main
    make many matter mean measure mention method metric missing model motivation name need network new novel
    number old outcome outperform paper parameter part perform performance point possible practice present
    problem procedure process propose prove provide publish purpose question reach really reason relate report
    require research researchers result right run say score second setting show shown similar simple size slow
    slower small smaller solution solve someone something sort source specific speed start state step still
    strength studied studies study suggest summarise summarize summary support survey system tackle take talk
    task technique tell test theory thing time tool train tried true try type understand use useful user using
    value version way weakness well word work worse worst write wrong wrote year yet
    """.split()
)
_ENDINGS = ("", "s", "d", "es", "ed", "ing")
_AUXILIARIES = r"(?:am|are|be|can|could|did|do|does|had|has|have|is|may|might|must|shall|should|was|were|will|would)"

_THE_WORK = re.compile(
    rf"\b(?:the|both|such(?: an?)?)\s+(?:(?:proposed|new|novel|same|main|present)\s+)?{_WORK}\b(?!['’-]\w)"
    # Said what it is: "the method of moments", "the paper that ...", "the model BERT uses".
    r"(?!\s+(?:of|for|in|on|to|with|from|behind|that|which|who|called|named|based|using|[A-Z]))"
)
_PRONOUN = re.compile(
    r"\b(?:its?|they|them|theirs?|these|this(?! (?:collection|corpus|library|database)))\b(?!['’-])"
    r"|\bthose\b(?!\s+(?:who|that|which|with|of|in)\b)"
)
_THAT = re.compile(
    rf"(?:(?<![\w-])(?:{_AUXILIARIES}|about|of|by|with|for|from|in|on|like|after|why|how)\s+)(that)\b(?!\s+(?:of|the|an?)\b)"
)
_EXPLETIVE = re.compile(
    # Without an object after the verb "it" is a thing: "Is it hard to train?", but not "Is it hard to train networks?".
    r"(?!it (?:(?:\w+ly|too|very) )?(?!(?:im)?possible|necessary|important|useful|feasible|common|better|best)\w+ to \w+\W*$)"
    r"(?:\bit\s+(?:\w+\s+){0,2}?(?:possible|impossible|true|false|better|best|worse|necessary|important|useful|feasible"
    r"|eas\w+|hard\w*|difficult|likely|unlikely|known|safe|worth|common|enough|takes?|costs?|called|matters?|means?"
    r"|make sense)\b.*?\b(?:to|that|for|if|whether|when|which|\w+ing)\b"
    r"|(?<=\b(?:is|be) )it\s+(?:\w+\s+){1,2}?to\b|(?<=\b(?:makes|finds|found) )it\s+(?:\w+\s+){1,2}?to\b)"
)
_OTHER = re.compile(
    r"\bthe (?:former|latter|above|others|first one|second one)\b|\bthe two(?=\W*$)"
    r"|\b(?:which|another|other|better|best|\w+er|first|second|third|last) ones?\b(?!-)"
    r"|\b(?:anything|what|who|where|anyone) else\b|\bany (?:others|more)\b"
)
_REMARK = re.compile(
    r"(?:(?:ah|oh|ok|okay|cool|great|good|nice|fine|perfect|wow|yes|yeah|no|right|sure|interesting|i see|got it|that['’]s"
    r"|so|very|thanks|thank you|much|a lot|hm+|hi|hey|hello|there|bye|goodbye|morning|evening|please|never mind)\b\W*)+",
    re.IGNORECASE,
)
_WHY = re.compile(r"^(?:(?:and|but|so) )?(?:why|how)(?: so| not| come)?\W*$")
_ADDED = re.compile(r"^(?:and|but|so|or)\b|\b(?:as well|too|instead|either|afterwards|though)\W*$")
_ABOUT = re.compile(r"^(?:and |but |or |so |then )*(?:(?:what|how) about|and|but|or|also)\s+", re.IGNORECASE)
_PREPOSITIONS = "for|on|in|with|by|at|from|to|against|compared|under|without|using|during|via|across"
_FRAGMENT = re.compile(rf"^(?:and|but|or|also|so|{_PREPOSITIONS})\b")
_WH = re.compile(r"\b(?:what|which|how|who|whom|whose|when|where|why)\b(?!\s+about)")
_ASKED = re.compile(rf"\b(?:which|what|how many|how much|whose)\s+((?:[\w-]+\s+){{1,4}}?)(?={_AUXILIARIES}\b)")
_NEW_SEARCH = re.compile(
    r"^(?:which|what|any|list|find|show|are there|is there)(?: me| all| any| the)*"
    r"\s+(?:papers?|abstracts?|articles?|stud(?:y|ies)|works?)\b"
    r"|^what(?: is|'s) an?\b"
)
_SEPARATOR = re.compile(
    r"[,;:.?!]|\b(?:and|but|or|when|if|because|while|so|that|which|after|before|than|once|since|whether|as|where|who"
    r"|how|why|what)\b"
)
# ACTS, GraphSAGE, t-SNE, GPT-2, word2vec; or a capitalised word inside a sentence, with those that follow it.
_NAME = re.compile(
    r"(?<![\w-])(?:(?=[\w-]*[A-Z][\w-]*[A-Z])[A-Za-z][\w-]*|(?=[A-Za-z]*\d|[A-Za-z]+-\d)[A-Za-z][\w-]*)(?:[-/]\w+)*"
    r"|(?<=[a-z,] )[A-Z][a-z]+(?:[ -][A-Z]\w+)*"
)
_PROPER = r"([A-Z][\w-]*[A-Z\d][\w-]*)"
_DEFINED = (
    re.compile(rf"\({_PROPER}\)"),
    re.compile(
        r"\b(?:propos|introduc|present|develop|call|nam|dubb|describ)(?:e|es|ed|s|ing)?\s+"
        rf"(?:(?:an?|the|it|novel|new)\s+){{0,3}}{_PROPER}"
    ),
    re.compile(rf"^(?:The )?{_PROPER}\b"),
)


def standalone(question: str, history: History, llm: "LLM | None" = None) -> str:
    """``question`` with what it leaves to the ``history`` filled in; the question itself when it leaves nothing.

    A model's rewriting is taken only if it keeps the question's own words and brings in none from elsewhere. When
    the model fails, the rules stand in: whoever composes the answer asks it next and reports the failure.
    """
    # An abstention names the nearest papers, which the conversation is not about; nor is it about what a remark found.
    history = [
        (asked, "" if told.startswith(NO_ANSWER) else told)
        for asked, told in history[-_TURNS:]
        if not _REMARK.fullmatch(asked.strip())
    ]
    if not words(question) or _REMARK.fullmatch(question.strip()) or not leans_on_history(question, history):
        return question
    if llm is not None:
        try:
            written = "".join(draft(llm, standalone_prompt(question, history), max_tokens=2 * _LONGEST_REWRITE))
        except LLMError:
            written = ""
        if rewritten := _trusted(written, question, history):
            return rewritten
    return _filled_in(question, history)


def leans_on_history(question: str, history: History) -> bool:
    """Whether ``question`` cannot be understood without the questions before it."""
    if not history:
        return False
    text = " ".join(question.split()).lower()
    if _WHY.match(text) or (_ABOUT.match(text) and "about" in text.split()[:3]):
        return True
    if _anaphor(question) or _is_fragment(text):
        return True
    if _NEW_SEARCH.match(text) or _names(question):
        return False
    asked = _ASKED.search(text)
    rest = _specific(text.replace(asked[1], "", 1) if asked else text)
    return (not rest and len(_specific(text)) <= 1) or (bool(_ADDED.search(text)) and len(rest) <= 1)


def _is_fragment(text: str) -> bool:
    """Whether it begins in the middle of a sentence and has no verb: "And for images?", "on ImageNet"."""
    return bool(_FRAGMENT.match(text)) and not re.search(rf"\b{_AUXILIARIES}\b", text) and len(_specific(text)) <= 3


def _specific(text: str) -> list[str]:
    """The content words that say which thing is meant, in order, each once."""
    return [word for word in dict.fromkeys(content_words(text)) if not _is_generic(word)]


def _is_generic(word: str) -> bool:
    return any(word.endswith(ending) and word.removesuffix(ending) in _GENERIC for ending in _ENDINGS)


def _anaphor(question: str) -> re.Match[str] | None:
    """The first pronoun, or noun with "the", whose meaning the question itself does not give."""
    text = question.lower()
    expletive = _EXPLETIVE.search(text)
    found = [each for each in _PRONOUN.finditer(text) if not (expletive and each.start() == expletive.start())]
    found += [each for pattern in (_THAT, _OTHER) for each in pattern.finditer(text)]
    if len(_specific(_ASKED.sub("", text))) <= 1:
        found += _THE_WORK.finditer(question)  # a question that says more says which work it means
    asked = _ASKED.search(text)
    for each in sorted(found, key=_start):
        before = text[: _start(each)]
        told = _specific(before.replace(asked[1], "", 1) if asked else before)
        if not told:
            return each
        if each[0] in ("its", "their"):
            continue  # "How does BERT train its embeddings?"
        # "Does dropout improve it?", but not "the evidence it needs".
        is_object = re.match(rf"\W*$|\s+(?:{_PREPOSITIONS})\b", text[each.end() :]) or re.search(
            rf"\b(?:{_PREPOSITIONS}|of|about)\s+$", before
        )
        if is_object and each.re in (_PRONOUN, _THAT) and not _SEPARATOR.search(before, before.index(told[0])):
            return each
    return None


def asks_nothing(question: str) -> bool:
    """Whether a question that stands alone is a greeting, a remark, or has no word of its own: "Thanks!", "Who are you?"."""
    return _REMARK.fullmatch(question.strip()) is not None or not content_words(question)


def _start(found: re.Match[str]) -> int:
    return found.start(found.lastindex or 0)


def _filled_in(question: str, history: History) -> str:
    asked, told = history[-1]
    last = standalone(asked, history[:-1])
    text = question.strip()
    bare = text.rstrip(" ?.!")
    anaphor = _anaphor(text)
    if not anaphor and (_ABOUT.match(bare) or _is_fragment(text.lower())) and not _WH.search(bare.lower()):
        return _asked_again(_ABOUT.sub("", bare), last)
    names, topic = _names(last), _topic(last)
    if len(names) == 1 and names[0] not in asked:
        topic = names  # the last question leaned on this name, and so does the next
    name = names[0] if names else _defined(told)
    # A name says all that the last question was about only if there was hardly anything else in it.
    if anaphor and name and len(topic) <= 1 + len(name.split()) and len(names) < 2:
        written = _put_in_place(text, anaphor, name)
        if written:
            return written
    about = [name, *(word for word in topic if word not in name)] if name else topic
    added = [word for word in about if word not in text]
    return f"{bare} ({' '.join(added)})?" if added else text


def _asked_again(about: str, last: str) -> str:
    """The last question about something else: "What about B?" after "What does A need?" asks what B needs."""
    if re.match(rf"(?:{_PREPOSITIONS}|if|when|since|because)\b", about.lower()):
        return f"{last.rstrip(' ?.!')}, and {about[0].lower()}{about[1:]}?"
    old = _names(last)
    if len(old) == 1 and _names(f"about {about}"):
        return last.replace(old[0], about)
    return f"{last.rstrip(' ?.!')}, and what about {about}?"


def _topic(last: str) -> list[str]:
    """The words of the last question that say what it was about, as they are written there."""
    written = [re.sub(r"['’]s$", "", word.strip("\"'“”‘’()[],;:.?!")) for word in last.split()]
    return [word for word in dict.fromkeys(written) if _specific(word)][:_TOPIC_WORDS]


def _defined(answer: str) -> str | None:
    """The name that an answer gives to what it is about, if it gives one."""
    answer = re.sub(r"\s*\[\d+\]", "", answer)
    return next((found[1] for pattern in _DEFINED if (found := pattern.search(answer))), None)


def _names(text: str) -> list[str]:
    return list(dict.fromkeys(found[0] for found in _NAME.finditer(text)))


def _put_in_place(question: str, anaphor: re.Match[str], name: str) -> str | None:
    """The question with ``name`` for what stands for it: "it", "its", "the method", "this model"; else None."""
    start, end = _start(anaphor), anaphor.end(anaphor.lastindex or 0)
    if method := re.compile(rf"(?:the|this|that)\s+(?:\w+\s+)?{_METHOD}\b", re.IGNORECASE).match(question, start):
        return f"{question[:start]}{name}{question[method.end() :]}"
    if (said := question[start:end].lower()) in ("it", "its"):
        return f"{question[:start]}{name}{said.removeprefix('it') and chr(39) + 's'}{question[end:]}"
    return None


def _trusted(written: str, question: str, history: History) -> str | None:
    """The question a model wrote, if it asks the same with words that are known, and stands on its own."""
    line = next((line for line in written.splitlines() if line.strip()), "")
    rewritten = re.sub(r"^(?:rewritten |standalone )?question:", "", line.strip(), flags=re.IGNORECASE).strip(" \"'*`")
    if not rewritten.endswith("?") or len(words(rewritten)) > _LONGEST_REWRITE:
        return None
    said = _stems(word for turn in history for text in turn for word in words(text))
    own, new = _stems(_specific(question)), _stems(_specific(rewritten))
    if not own <= _stems(words(rewritten)) or not new <= said | _stems(words(question)) or new == own:
        return None
    return None if leans_on_history(rewritten, history) else rewritten


def _stems(found: Iterable[str]) -> set[str]:
    """Words by their first five letters: enough to see "evaluated" in "evaluation"."""
    return {word[:5] for word in found}
