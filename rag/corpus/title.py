"""A title for an abstract that has none: what a person would call the paper after reading it."""

import re
from collections import Counter
from collections.abc import Iterable

from rag.text import STOP_WORDS, content_words, split_sentences

MOST_WORDS = 12

# What authors say that they do: make something, look into something, or find that something is so.
_MAKES = """
    propose present introduce develop describe design devise formulate release build create contribute construct
""".split()
_STUDIES = """
    study investigate analyze analyse address consider explore examine review survey evaluate tackle revisit discuss
    compare report conduct perform provide offer give establish derive focus assess characterize characterise quantify
    measure use employ apply extend improve adapt
""".split()
_SHOWS = ("show", "demonstrate", "prove", "find", "argue", "reveal", "observe", "suggest")
_LOOKS = ("determine", "assess", "evaluate", "investigate", "examine", "study", "analyze", "explore", "understand")
_ADVERB = r"(?:(?:\w+ly|then|further|also|here|thus|first|hereby|therefore|next) )*"
_PAPER = (
    r"(?:this|the|our|the present|the current) (?:\w+ )?"
    r"(?:paper|work|article|study|survey|review|research|letter|thesis|report|chapter)"
)


def _third(verb: str) -> str:
    return verb[:-1] + "ies" if re.search(r"[^aeiou]y$", verb) else verb + ("es" if verb.endswith("ss") else "s")


def _past(verb: str) -> str:
    irregular = {"build": "built", "give": "gave", "offer": "offered", "show": "showed", "find": "found"}
    regular = verb[:-1] + "ied" if re.search(r"[^aeiou]y$", verb) else verb + ("d" if verb.endswith("e") else "ed")
    return irregular.get(verb, regular)


def _says(verbs: Iterable[str], then: str = "(?:(?:on|with|for|upon) )?") -> re.Pattern[str]:
    """Where authors say what they do: "we VERB", "we VERBed", "this paper VERBs"."""
    ours = "|".join([*verbs, *map(_past, verbs)])
    theirs = "|".join(map(_third, verbs))
    return re.compile(rf"\b(?:we {_ADVERB}(?:have )?(?:{ours})|{_PAPER} {_ADVERB}(?:{theirs})) {then}", re.IGNORECASE)


_MADE, _STUDIED, _SHOWN = _says(_MAKES), _says(_STUDIES), _says(_SHOWS, "that ")
_PASSIVE = re.compile(
    r"(?:^|[.,] )(?P<what>(?:an? |the )?"
    r"(?:(?!(?:has|have|is|are|was|were|that|since|when|we|been|can|can't) )[^\s,;:]+ ){2,16})(?:is|are) "
    r"(?:\w+ly |then |also |first )?(?:proposed|presented|introduced|developed|described|investigated|studied"
    r"|analy[sz]ed|examined|considered|derived)\b",
    re.IGNORECASE,
)
_AIM = re.compile(
    r"\b(?:we aim(?:ed)?|(?:our|the|main|primary) (?:\w+ )?(?:aim|goal|objective|purpose)(?: of [^,;:.]{3,40})?"
    r" (?:is|was)|this (?:paper|work|study|article) aim(?:s|ed)) (?:at |(?=to ))"
    r"|^(?=to (?:determine|assess|evaluate|investigate|examine) )",
    re.IGNORECASE,
)
_FIRST = re.compile(
    r"\bfirst (?:work|study|paper|attempt|steps?) (?:that|to|towards?|in|at) (?:\w+ly )?\w+ ", re.IGNORECASE
)
_FORMS = ((2.0, _MADE), (1.5, _STUDIED), (1.5, _FIRST), (1.5, _AIM), (0.9, _SHOWN))

# What follows: a name, praise, nothing much, or the end of the clause.
_CALLED = re.compile(
    r"[,(]?\s*\b(?:which (?:we|is) )?(?:call|called|named|termed|dubbed|coined|denoted)"
    r"(?: as| by)? (?:the |a |an )?[\"'“‘]?"
)
_EXPANDED = re.compile(r"((?:[^\s(),.;:]+ ){1,9}\([^\s()]{2,16}\))")
_NAME = re.compile(r"((?:[A-Z][\w+-]* ){0,3}(?=[\w+*-]*[A-Z0-9])[A-Za-z][\w+*-]*)[\"'”’]?(?=[\s,:.;)(]|$)")
_APPOSITION = re.compile(r"^[\"'“‘]?([^\s,]*[A-Z0-9][^\s,]*(?: \([^()]{2,60}\))?)[\"'”’]?, (?:an?|the|our) (?=\w)")
_ARTICLE = re.compile(
    r"^(?:an?|the|our|two|three|several|some|this|these|its|their|both|such|various|and) (?=\S)", re.IGNORECASE
)
_PRAISE = re.compile(
    r"^(?:(?:brand[- ]new|novel|new|simple|effective|efficient|general|unified|principled|first|powerful"
    r"|state-of-the-art|innovative|flexible|lightweight|yet|but|and|completely|entirely|highly|very)[ ,]+)+(?=\w)",
    re.IGNORECASE,
)
_EMPTY = re.compile(
    r"^(?:(?:\w+ ){0,2}(?:results?|experiments?|contributions?|evidence|examples?|insights?|simulations?|ablations?"
    r"|evaluations?|analys[ie]s|case stud(?:y|ies))"
    r"(?=[,;:.]|$| (?:on|that|which|to|in|show|demonstrate|with|and|using)\b)"
    r"|(?:\w+ )?(?:approach(?:es)?|methods?|techniques?|problems?|issues?|questions?)(?=[,;:.]|$| and\b)"
    r"|(?:it|them|here|that|this|these)(?=[,;:. ]|$))",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(
    r"(?<![ (][ei]\.[ge])[;.?!](?:\s|$)|:\s|,\s|\s[–—]\s"
    r"|\s(?:which|where|while|whereas|because|since|when|whose|thereby|thus|such that|so that)\s"
    r"|\s(?=and (?:\w+ly )?(?:show|demonstrate|provide|propose|present|then|further|discuss|trace|evaluate|use|find|to"
    r"|introduce|prove|develop|apply|analyze|compare|study|establish|derive|investigate|examine|identify)\s)"
)
_IN_THIS = re.compile(rf"\b(?:in|with) {_PAPER}\b|^here,? ", re.IGNORECASE)
_OPENING = re.compile(rf"^(?:in {_PAPER},? |in recent years,? |recently, )(?=\w)", re.IGNORECASE)
_TO_VERB = re.compile(r"^to (?:\w+ly )?([a-z]+) (?:whether )?", re.IGNORECASE)
_LINK = frozenset(
    """
    of for in on to that by with between from using via through as over under into at when where during within across
    without than based trained designed
    """.split()
)
_MARKS = " ,;:.–—"


def derive_title(text: str) -> str:
    """A title of at most 12 words: the name that the abstract defines, or the leading clause of what it says it does.

    Every statement of the authors about their paper ("we propose ...", "this paper surveys ...") is a candidate; one
    made early, with a name in it, and of words that the abstract keeps coming back to is preferred. Against the true
    titles of 2,000 machine learning abstracts: F1 of content words 0.31 (the first 12 words of the abstract: 0.24).
    """
    sentences = [sentence.text for sentence in split_sentences(text)]
    counts = Counter(map(_stem, content_words(text)))
    candidates = [
        (weight + bonus + _centrality(title, counts) - 0.06 * number, title)
        for number, sentence in enumerate(sentences)
        for weight, said in _statements(sentence)
        for title, bonus in [_headline(said)]
        if title
    ]
    if candidates:
        return max(candidates, key=lambda each: each[0])[1]
    return _shortened(_clause(_OPENING.sub("", sentences[0] if sentences else text)))


def _statements(sentence: str) -> list[tuple[float, str]]:
    """The parts of a sentence that say what the paper does, each with how plainly it says so."""
    found = [(weight, sentence[said.end() :]) for weight, form in _FORMS for said in form.finditer(sentence)]
    found += [(1.6, passive["what"]) for passive in _PASSIVE.finditer(sentence)]
    here = 0.6 if _IN_THIS.search(sentence) else 0.0
    return [(weight + here, said) for weight, said in found]


def _headline(said: str) -> tuple[str, float]:
    """The title in the words after "we propose", and how much a name in it speaks for it."""
    said = _unpraised(said)
    called = _CALLED.search(said[:250])
    if called:
        rest = said[called.end() :]
        if expanded := _EXPANDED.match(rest):
            return _shortened(expanded[1]), 0.9
        if name := _NAME.match(rest):
            return _shortened(f"{name[1]}: {_capital(_clause(said[: called.start()]))}"), 0.9
    if named := _APPOSITION.match(said):
        return _shortened(f"{named[1]}: {_capital(_clause(_unpraised(said[named.end() :])))}"), 0.8
    if _EMPTY.match(said):
        return "", 0.0
    clause = _clause(said)
    return _shortened(clause), 0.4 if re.search(r"\([A-Z][^\s()]+\)", clause) else 0.0


def _unpraised(said: str) -> str:
    """``said`` without its article and what authors say of anything they propose; "to learn" becomes "learning"."""
    if verb := _TO_VERB.match(said):
        doing = "" if verb[1] in _LOOKS else _gerund(verb[1]) + " "
        return doing + _PRAISE.sub("", said[verb.end() :] if doing else _ARTICLE.sub("", said[verb.end() :]))
    return _PRAISE.sub("", _ARTICLE.sub("", _PRAISE.sub("", said)))


def _gerund(verb: str) -> str:
    if verb in ("get", "set", "run", "cut", "put", "plan", "map", "control", "transfer"):
        return verb + verb[-1] + "ing"
    return (verb[:-1] if verb.endswith("e") and not verb.endswith("ee") else verb) + "ing"


def _centrality(title: str, counts: Counter[str]) -> float:
    """How much of the abstract is about the words of ``title``, 0 to 1; a title of one or two words says little."""
    stems = {_stem(word) for word in content_words(title)}
    return sum(min(counts[stem], 4) - 1 for stem in stems) / 3 / max(len(stems), 4)


def _stem(word: str) -> str:
    return re.sub(r"(?:ies|s|ing|ed|e|y)$", "", word) if len(word) > 4 else word.removesuffix("s")


def _clause(said: str) -> str:
    for end in _CLAUSE_END.finditer(said):
        if len(said[: end.start()].split()) >= (2 if said[end.end() :].startswith("and ") else 3):
            return said[: end.start()]
    return said


def _shortened(title: str) -> str:
    """At most MOST_WORDS words, cut where a phrase ends, and none at the end that asks for more."""
    if title.count("(") > title.count(")"):
        title = title[: title.rindex("(")]
    words = title.split()
    if len(words) > MOST_WORDS and words[MOST_WORDS] not in _LINK:
        links = [place for place in range(5, MOST_WORDS) if words[place] in _LINK]
        words = words[: links[-1] if links else MOST_WORDS]
    words = words[:MOST_WORDS]
    while len(words) > 1 and _asks_for_more(words[-1].strip(_MARKS)):
        words.pop()
    return _capital(" ".join(words).strip(_MARKS))


def _asks_for_more(word: str) -> bool:
    return not word or word.lower() in STOP_WORDS or word in _LINK or word.endswith(("-", "ly"))


def _capital(text: str) -> str:
    """With a capital first letter, unless the first word is written its own way (mRNA, k-means)."""
    return text if re.match(r"\S?[a-z]*[A-Z0-9]|\w-", text) else text[:1].upper() + text[1:]
