r"""LaTeX in a text, turned into readable characters; everything around it is left as it is.

Only what is plainly LaTeX is touched: mathematics between dollars (not prices), macros with their arguments,
``{\em x}`` groups, TeX quotes and dashes. Symbols and accents come from pylatexenc, which is imported when first
needed and sees one fragment at a time, since it takes ``%``, ``&`` and ``~`` of ordinary text for markup.
"""

import logging
import re
from functools import lru_cache
from typing import Any

_BRACES = r"\{(?:[^{}]++|\{(?:[^{}]++|\{[^{}]*+\})*+\})*+\}"
_SHOWS = re.compile(r"[\\$`]|--|''")
_DOLLARS = re.compile(r"(?<!\\)(\$\$?)((?:[^$\\]|\\.){1,400}?)\1", re.DOTALL)
_BRACKETS = re.compile(r"\\\((.{1,400}?)\\\)|\\\[(.{1,400}?)\\\]", re.DOTALL)
_FONT_GROUP = re.compile(
    rf"\{{\s*\\(?:em|it|bf|tt|sc|rm|sl|sf|cal|bfseries|itshape)(?![a-zA-Z])((?:[^{{}}]++|{_BRACES})*+)\}}"
)
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s?\{[a-zA-Z]+\*?\}(?:\[[^\]]{0,100}\])?")
_ACCENT = re.compile(r"""(?:(?<=[^\W\d_])\\["'`^~=.][a-zA-Z]|\\["'`^~=.](?:\{\\?[a-zA-Z]\}))|\\c\{[a-zA-Z]\}""")
_MACRO = re.compile(rf"\\([a-zA-Z]+)\*?((?:\s?{_BRACES}|\[[^\[\]]{{0,200}}\](?=[\[{{]))*+)")
_ESCAPED = re.compile(r"""\\([%&_#${}"'])""")
_SPACING = re.compile(r"\\(?:\\|[ ,;:/!])")
_TIE = re.compile(r"(?<=\w)~(?=[\\$])")
_SINGLE_QUOTES = re.compile(r"(?<![\w`])`((?:[^`']|(?<=\w)'(?=\w)){1,300})'(?![\w'])")
_DASH = re.compile(r"(?<=[^\W_])--(?=[^\W_])|^--$")
_LONG_DASH = re.compile(r"(?<!-)---(?!-)")

_SCRIPT = re.compile(rf"([\^_])\s?({_BRACES})")
_MARKUP = re.compile(r"\\[a-zA-Z]|[\^_{]")
_RELATION = re.compile(r"\s*[<>=]+\s*")
_WORD = re.compile(r"[a-zA-Z]{2,}")
_OPERATOR = re.compile(r"(?<=[\w)])\\(?=(?:log|ln|exp|max|min|sup|inf|sin|cos|tan|arg|Pr|poly|mod)(?![a-zA-Z]))")
_WIDE = re.compile(r"\\(?:wide|Wide)?(tilde|Tilde|hat|Hat)(?![a-zA-Z])")
_FRACTION = re.compile(r"\\[tdc]frac(?![a-zA-Z])")
_GLUED = re.compile(r"(emph|text(?:it|bf|tt|sc|rm)|math(?:cal|bb|bf|rm|sf)|sqrt|tilde|hat|bar)(\w+)")  # braces lost
_HREF = re.compile(rf"\\href\s?({_BRACES})\s?({_BRACES})")
_POWER = re.compile(r"(?<=\d)\\textsuperscript\s?\{\s*([-−+]?\d+)\s*\}")
_DEGREE = re.compile(r"\^\s?(?:\\circ(?![a-zA-Z])|\{\s*\\circ\s*\})")

_NAMED = {
    "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "textbraceleft": "{", "textbraceright": "}",
    "textdollar": "$", "textunderscore": "_", "textless": "<", "textgreater": ">",
    "textbar": "|", "textquotedbl": '"', "copyright": "©", "lbrace": "{", "rbrace": "}",
}  # fmt: skip
_NAMED_PATTERN = rf"\\(?P<named>{'|'.join(_NAMED)})(?![a-zA-Z])(?:\{{\}}| )?"
_NAME_OF_CHARACTER = re.compile(_NAMED_PATTERN)
_ACCENT_SPACE = re.compile(r"""^(\\.)\s*\{?\s*((?:\\["'`^~=.])?\\?[^\W\d_])\s*\}?$""")
_TEX = re.compile(
    rf"""{_NAMED_PATTERN}
    |\\(?P<escaped>[%&_\#${{}}])
    |(?P<accent>\\["'`^~=.]\s?(?:\{{\s*(?:\\["'`^~=.])?\\?[^\W\d_]\s*\}}|\\[ij](?![a-zA-Z])|[^\W\d_])
        |\\[cuvHkrdbt](?:\s*\{{\s*\\?[^\W\d_]\s*\}}|\s+[^\W\d_](?![a-zA-Z])))
    |(?P<math>\$\$?(?:[^$\\]|\\.){{1,400}}?\$\$?)
    |(?P<switch>\\(?:em|it|bf|tt|sc|rm|sl|sf|cal|bfseries|itshape|relax)(?![a-zA-Z])\s?)
    |(?P<blank>\\(?:\\|[ ,;:/!])|(?<=[\w.)}}])~(?=[\w\\({{]))
    |(?P<letter>\\(?:ss|ae|AE|oe|OE|aa|AA|dh|DH|th|TH|dj|DJ|ng|NG|[oOlLij])(?![a-zA-Z])(?:\{{\}}|\s)?)
    |(?P<macro>\\[a-zA-Z]+)
    |(?P<brace>[{{}}])""",
    re.VERBOSE | re.DOTALL,
)


def shows_latex(text: str) -> bool:
    """Whether ``text`` has any character that LaTeX markup needs."""
    return _SHOWS.search(text) is not None


def latex_to_text(text: str) -> str:
    """``text`` with its LaTeX made readable; what is not recognised as LaTeX stays, character by character."""
    text = _quotes_and_dashes(text)
    if "\\" not in text and "$" not in text:
        return text
    text = _POWER.sub(r"^\1", text)
    text = _TIE.sub(" ", text)
    text = _BRACKETS.sub(lambda found: _math(found[1] or found[2]), text)
    text = _dollars(text)
    if "\\" not in text:
        return text
    text = _ENVIRONMENT.sub(" ", text)
    text = _FONT_GROUP.sub(lambda found: found[1].lstrip(), text)
    text = _ACCENT.sub(lambda found: _convert(found[0]), text)
    text = _SPACING.sub(" ", text)
    text = _WIDE.sub(lambda found: "\\" + found[1].lower(), text)
    text = _HREF.sub(lambda found: f"{found[2][1:-1]} ({found[1][1:-1]})", text)
    text = _MACRO.sub(_macro, text)
    return _ESCAPED.sub(r"\1", text)


def bibtex_to_text(value: str) -> str:
    r"""The text of a BibTeX field, where everything is LaTeX: accents anywhere, ``\%``, ties; bare braces go.

    Mathematics, quotes and dashes are read as in any text, and a dollar that only prices something stays. Each part is
    converted once, so that what stood escaped comes out as it was before it was escaped.
    """
    if not _TEX.search(value):
        return value
    value = _POWER.sub(r"^\1", value)
    parts: list[str] = []
    position = 0
    while found := _TEX.search(value, position):
        parts.append(value[position : found.start()])
        position = found.end()
        match found.lastgroup:
            case "named":
                parts.append(_NAMED[found["named"]])
            case "escaped":
                parts.append(found["escaped"])
            case "accent":
                parts.append(_convert(_ACCENT_SPACE.sub(r"\1{\2}", found[0])))
            case "letter":
                parts.append(_convert(found[0].rstrip("{} ")))
            case "math":
                body = found[0].strip("$")
                if _is_math(body, value[position : position + 1]):
                    parts.append(_math(body))
                else:
                    parts.append("$")
                    position = found.start() + 1
            case "macro":
                whole = _HREF.match(value, found.start()) or _MACRO.match(value, found.start()) or found
                parts.append(bibtex_to_address(whole[0]) if found[0] == r"\url" else latex_to_text(whole[0]))
                position = whole.end()
            case "blank":
                parts.append(" ")
            case _:
                pass  # a brace, or a font switch: only LaTeX reads it
    return "".join([*parts, value[position:]])


def bibtex_to_address(value: str) -> str:
    r"""The address in a BibTeX field (``doi``, ``url``): ``\url{...}``, escapes and braces go, all else is kept."""
    bare = re.sub(r"\\(?:url|path|nolinkurl)\s*(?=\{)", "", value).replace(r"\~{}", "~").replace(r"$\sim$", "~")
    bare = _NAME_OF_CHARACTER.sub(lambda found: _NAMED[found["named"]], bare)
    return re.sub(r"\\([%&_#$~])|[{}]", lambda found: found[1] or "", bare).strip()


def _quotes_and_dashes(text: str) -> str:
    if "``" in text:
        text = re.sub(r"(?<!`)``(?!`)", '"', text).replace("''", '"')
    text = _SINGLE_QUOTES.sub(r"'\1'", text)
    if "--" in text:
        text = " ".join(_dashes(word) if "--" in word else word for word in text.split())
    return text


def _dashes(word: str) -> str:
    """TeX's dashes in what stands between two blanks, unless it is an address."""
    return word if "://" in word or word.startswith("www.") else _DASH.sub("–", _LONG_DASH.sub("—", word))


def _dollars(text: str) -> str:
    """Mathematics between dollars converted; a dollar that only prices something stays."""
    parts: list[str] = []
    position = 0
    while found := _DOLLARS.search(text, position):
        if _is_math(found[2], text[found.end() : found.end() + 1]):
            parts += [text[position : found.start()], _math(found[2])]
            position = found.end()
        else:
            parts.append(text[position : found.start() + 1])
            position = found.start() + 1
    return "".join([*parts, text[position:]])


def _is_math(body: str, following: str) -> bool:
    """Whether what stands between two dollars is mathematics: markup says yes, a price or a stretch of prose no."""
    words = len(_WORD.findall(re.sub(rf"\\[a-zA-Z]+(?:\s?{_BRACES})?", "", body)))
    if _RELATION.fullmatch(body):
        return True
    if _MARKUP.search(body):
        return words < (3 if body[0].isdigit() else 8)
    if following.isdigit() or not body.strip():
        return False
    if body != body.strip():
        return words == 0 and len(body) < 40 and not (body[0].isdigit() or body.strip()[-1] in ",;")
    return words < 2 and not (body[0].isdigit() and body[-1] in ",;-–/(")


def _math(body: str) -> str:
    body = _FRACTION.sub(r"\\frac", body)
    body = _OPERATOR.sub(r" \\", _WIDE.sub(lambda found: "\\" + found[1].lower(), _DEGREE.sub("°", body)))
    return _convert(_scripts(body).strip(), math=True)


def _scripts(body: str) -> str:
    """Sub- and superscripts without their braces, in brackets where these kept several things together."""

    def without_braces(found: re.Match[str]) -> str:
        inner = _scripts(found[2][1:-1].strip())
        if not re.fullmatch(r"[+-]?(?:\w+|\\[a-zA-Z]+|[*'])", inner):
            return f"{found[1]}({inner})"
        return f"{found[1]}{inner}" + " " * (inner.startswith("\\") and found.string[found.end() :][:1].isalpha())

    return _SCRIPT.sub(without_braces, body)


def _macro(found: re.Match[str]) -> str:
    name, arguments = found[1], found[2]
    if (arguments or len(name) > 1) and _known(name):  # a bare \d or \w is more likely a pattern
        return _convert(found[0])
    if not arguments and (glued := _GLUED.fullmatch(name)):
        return _convert(f"\\{glued[1]}{{{glued[2]}}}")
    return _convert(arguments) if arguments else found[0]  # bare and unknown: a path or a pattern, not LaTeX


def _known(name: str) -> bool:
    context = _converter().latex_context
    return context.get_macro_spec(name) is not context.get_macro_spec("")


@lru_cache(maxsize=1)
def _converter() -> Any:
    from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

    def last(node: Any, l2tobj: Any) -> str:
        given = [each for each in (node.nodeargd.argnlist if node.nodeargd else []) if each is not None]
        return str(l2tobj.nodelist_to_text(given[-1:]).strip())

    def fraction(node: Any, l2tobj: Any) -> str:
        above, below = (l2tobj.nodelist_to_text([each]).strip() for each in node.nodeargd.argnlist[-2:])
        return "/".join(each if re.fullmatch(r"\w*", each) else f"({each})" for each in (above, below))

    plain = (
        "mathcal",
        "mathbb",
        "mathbf",
        "mathrm",
        "mathsf",
        "mathtt",
        "mathit",
        "mathscr",
        "mathfrak",
        "boldsymbol",
        "mathds",
        "mathbbm",
    )
    own = [
        MacroTextSpec(name, last) for name in (*plain, "bm", "ensuremath", "url", "texttt", "operatorname", "underline")
    ]
    own += [MacroTextSpec(name, lambda node, l2tobj: f"[{last(node, l2tobj)}]") for name in _CITATIONS]
    own += [MacroTextSpec(name, fraction) for name in ("frac", "nicefrac")]
    own += [
        MacroTextSpec("|", "‖"),
        MacroTextSpec("footnote", lambda node, l2tobj: f" ({last(node, l2tobj)})"),
        *(MacroTextSpec(name, "") for name in ("left", "right", "em", "it", "bf", "rm", "cal", "sc", "tt", "sf")),
        MacroTextSpec("item", "• "),
        MacroTextSpec("textbackslash", "∖"),
        *(MacroTextSpec(name, text) for name, text in _AUTHORS_OWN.items()),
    ]
    logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)  # what it cannot convert stays as written, see _convert
    context = get_default_latex_context_db()
    context.add_context_category("footnote", macros=own, prepend=True)
    context.set_unknown_macro_spec(MacroTextSpec("", lambda node, l2tobj: _unknown(node, l2tobj)))
    return LatexNodes2Text(latex_context=context, math_mode="text", strict_latex_spaces="based-on-source")


_CITATIONS = ("cite", "citep", "citet", "citealp", "ref", "eqref", "cref", "autoref")
_AUTHORS_OWN = {
    "ie": "i.e.",
    "eg": "e.g.",
    "etal": "et al.",
    "eps": "ε",
    "R": "R",
    "E": "E",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
}


def _unknown(node: Any, converter: Any) -> str:
    """A macro nobody knows: its arguments are the text, and without any its name is."""
    arguments = [each for each in (node.nodeargd.argnlist if node.nodeargd else []) if each is not None]
    return str(converter.nodelist_to_text(arguments)) if arguments else str(node.macroname)


@lru_cache(maxsize=4096)
def _convert(fragment: str, math: bool = False) -> str:
    from pylatexenc.latexwalker import LatexWalkerError

    escaped = re.sub(r"(?<!\\)[%&#]", r"\\\g<0>", fragment)
    try:
        text = _converter().latex_to_text(f"${escaped}$" if math else escaped, tolerant_parsing=True)
    except (LatexWalkerError, AttributeError, LookupError, TypeError, ValueError):
        return fragment  # pylatexenc fails on a macro with fewer arguments than it needs: shown as it was written
    return " ".join(str(text).split())
