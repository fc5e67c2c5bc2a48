"""Names of authors out of the many ways in which files write them."""

import re
from typing import Any

from rag.text import normalise

_INITIALS = re.compile(r"(?:[^\W\d_]{1,4}|[^\W\d_](?:[. -]+[^\W\d_]){1,3})\.?")
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv|ph\.?d|md)\.?", re.IGNORECASE)
_WORD = r"[^\W\d_](?:[^\W\d_]|['’-])+"
_FAMILY_FIRST = re.compile(
    rf"(?P<family>(?:[a-z'’]+ )*{_WORD}) (?P<initials>(?:[A-Z]-?){{1,3}})|"
    rf"(?P<words>{_WORD}(?: {_WORD})*) (?P<dotted>(?:[A-Z]\.[ -]?)+)"
)
"""PubMed's "van Dam AB" and Scopus's "Silva Costa A.B."; several words before bare capitals may be "Cancer Research UK"."""
_AND = re.compile(r",?\s+(?:and|&)\s+", re.IGNORECASE)
_WHOLE = ("name", "full_name", "fullname", "display_name", "author", "text")
_GIVEN = ("given", "first", "forename", "firstname", "first_name", "given_name", "givenname", "fore_name")
_FAMILY = ("family", "last", "lastname", "last_name", "surname", "family_name", "familyname")


def authors(value: Any) -> tuple[str, ...]:
    """The authors as "Given Family", in order, out of a string, or a list of strings, [family, given] or objects."""
    if isinstance(value, str):
        found = _split(normalise(value))
    elif isinstance(value, dict):
        found = [_of_object(value)]
    elif isinstance(value, list):
        found = [_of_item(each) for each in value]
    else:
        found = []
    names = map(normalise, found)  # turned around, a name may read as LaTeX where it did not before
    return tuple(name for name in names if any(map(str.isalnum, name)))


def _of_item(item: Any) -> str:
    if isinstance(item, str):
        return _natural_order(normalise(item))
    if isinstance(item, dict):
        return _of_object(item)
    if isinstance(item, list) and item and all(isinstance(each, str) for each in item):
        family, *given = (normalise(each) for each in item)  # arXiv's: given name, suffix, and then affiliations
        return " ".join(part for part in (*given[:1], family, *given[1:2]) if part)
    return ""


def _of_object(item: dict[str, Any]) -> str:
    fields = {str(key).lower().replace("-", "_"): value for key, value in item.items()}
    given, family = (_first(fields, names) for names in (_GIVEN, _FAMILY))
    if family:
        particles = " ".join(_first(fields, (name,)) for name in ("dropping_particle", "non_dropping_particle"))
        return normalise(" ".join(filter(None, (given, particles.strip(), family, _first(fields, ("suffix",))))))
    if literal := _first(fields, ("literal",)):  # CSL's word for a name that is not to be taken apart
        return normalise(literal)
    for name in _WHOLE:
        if isinstance(fields.get(name), str):
            return _natural_order(normalise(fields[name]))
        if isinstance(fields.get(name), dict):
            return _of_object(fields[name])
    return normalise(given)


def _first(fields: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((fields[name] for name in names if isinstance(fields.get(name), str)), "")


def _split(text: str) -> list[str]:
    """The names in one string: parted by semicolons, by "and", or by commas where these don't turn a name around."""
    if ";" in text:
        return [_natural_order(part.strip()) for part in text.split(";")]
    parts = [part.strip() for part in _AND.split(text)]
    if len(parts) > 1:
        pieces = [piece.strip() for part in parts for piece in part.split(",")]
        names = [name for part in parts for name in (part.count(",") > 2 and _paired(part)) or [_natural_order(part)]]
        turned = all("," in part for part in parts) and all(name.count(",") < 3 for name in names)
        if turned or ("," in text and any(" " not in piece for piece in pieces)):
            return names
        return [_natural_order(piece) for piece in pieces]
    if found := _paired(text):
        return found
    pieces = [piece.strip() for piece in text.split(",") if piece.strip()]
    if len(pieces) == 2 and (" " not in pieces[0] or " " not in pieces[1]):
        return [_natural_order(text)]
    return [_natural_order(piece) for piece in pieces]


def _paired(text: str) -> list[str]:
    """The names where every second comma parts a family name from capital initials ("Moss, I., Bark, T."), else none."""
    pieces = [piece.strip() for piece in text.split(",") if piece.strip()]
    if len(pieces) % 2 or not all(each.isupper() and _INITIALS.fullmatch(each) for each in pieces[1::2]):
        return []
    return [f"{given} {family}" for family, given in zip(pieces[::2], pieces[1::2], strict=True)]


def is_natural(name: str) -> bool:
    """Whether a name stays as it is when it is read as a string, which may turn "Weinan E" around."""
    return "," not in name and _natural_order(name) == name


def _natural_order(raw: str) -> str:
    """A name given as "Family, Given", "Family, Given, Jr" or "Family I." turned around; one with a comma before PhD is not."""
    name = raw.strip(" ,")
    family, comma, given = (part.strip() for part in name.partition(","))
    first, second_comma, suffix = (part.strip() for part in given.partition(","))
    if first and second_comma and _SUFFIX.fullmatch(suffix):
        return f"{first} {family} {suffix}".strip()
    if not comma and (found := _FAMILY_FIRST.fullmatch(name)):
        family, given = found["family"] or found["words"], found["initials"] or found["dotted"]
        if not family.isupper() and not _SUFFIX.fullmatch(family) and not _SUFFIX.fullmatch(given):
            return f"{given} {family}"
    if not comma or "," in given or _SUFFIX.fullmatch(given):
        return name
    return f"{given} {family}".strip()
