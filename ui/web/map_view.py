"""The map as HTML: an inline SVG, and the same clusters as lists for those who do not point. One line, escaped."""

from collections.abc import Mapping

from rag.records import Abstract
from ui.markup import attributes, escape
from ui.web.map import Cluster, Map
from ui.web.transcript import button

_WIDTH, _HEIGHT, _MARGIN = 900, 620, 44
_LISTED = 8
_ERAS = 5


def map_html(drawn: Map, marked: Mapping[str, int]) -> str:
    """The map with the abstracts of ``marked`` (id → footnote number of the last answer) ringed and numbered."""
    count = len(drawn.abstracts)
    if not count:
        return '<div class="map"><p class="none">There are no abstracts yet.</p></div>'
    eras, legend = _eras(drawn)
    cluster_of = {member: number for number, cluster in enumerate(drawn.clusters) for member in cluster.members}
    points = "".join(
        _point(abstract, *_at(drawn, row), cluster_of[row], eras.get(row))
        for row, abstract in enumerate(drawn.abstracts)
    )
    rings = "".join(
        _ring(marked[abstract.id], *_at(drawn, row))
        for row, abstract in enumerate(drawn.abstracts)
        if abstract.id in marked
    )
    names = "".join(_names(drawn))
    said = f"Map of {count:,} abstracts in {len(drawn.clusters)} clusters: " + "; ".join(
        cluster.label for cluster in drawn.clusters
    )
    shown = f"A sample of {count:,} of {drawn.total:,} abstracts. " if drawn.total > count else ""
    note = "Near points have near meanings. " + ("Numbered rings are the last answer’s footnotes." if rings else "")
    lists = "".join(_list(drawn, number, cluster) for number, cluster in enumerate(drawn.clusters))
    svg = attributes(viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=said)
    return (
        f'<div class="map" data-colour="cluster"><div class="map-head"><p>{escape(shown + note)}</p>{_choice(legend)}</div>'
        f'<svg {svg}><g class="points">{points}</g><g class="names">{names}</g><g class="rings">{rings}</g></svg>'
        f'{legend}<div class="clusters">{lists}</div></div>'
    )


def _choice(legend: str) -> str:
    if not legend:
        return ""
    return (
        '<fieldset><legend>Colour by</legend><label><input type="radio" name="colour" value="cluster" checked> cluster'
        '</label><label><input type="radio" name="colour" value="year"> year</label></fieldset>'
    )


def _at(drawn: Map, row: int) -> tuple[float, float]:
    """Where a point stands in the drawing; y grows downwards there."""
    x, y = (float(value) for value in drawn.places[row])
    return _MARGIN + x * (_WIDTH - 2 * _MARGIN), _HEIGHT - _MARGIN - y * (_HEIGHT - 2 * _MARGIN)


def _point(abstract: Abstract, x: float, y: float, cluster: int, era: int | None) -> str:
    told = attributes(
        class_=f"c{cluster} " + ("e-none" if era is None else f"e{era}"),
        cx=f"{x:.1f}",
        cy=f"{y:.1f}",
        r=5,
        data_do="open",
        data_id=abstract.id,
    )
    known = abstract.byline(most=1)
    return f"<circle {told}><title>{escape(abstract.heading + (f' ({known})' if known else ''))}</title></circle>"


def _ring(marker: int, x: float, y: float) -> str:
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="10"></circle><text x="{x:.1f}" y="{y - 14:.1f}" '
        f'text-anchor="middle">{marker}</text>'
    )


def _names(drawn: Map) -> list[str]:
    """Each cluster's label in its middle, moved down where it would cover another one."""
    taken: list[tuple[float, float, float]] = []
    names = []
    for number, cluster in enumerate(drawn.clusters):
        spots = [_at(drawn, member) for member in cluster.members]
        half = len(cluster.label) * 3.7
        x = sorted(spot[0] for spot in spots)[len(spots) // 2]
        x = min(max(x, half + 4), _WIDTH - half - 4)
        y = sorted(spot[1] for spot in spots)[len(spots) // 2] - 12
        while any(
            abs(y - other_y) < 18 and abs(x - other_x) < half + other_half for other_x, other_y, other_half in taken
        ):
            y += 18
        y = min(max(y, 16), _HEIGHT - 8)
        taken.append((x, y, half))
        told = attributes(x=f"{x:.0f}", y=f"{y:.0f}", text_anchor="middle", class_=f"c{number}")
        names.append(f"<text {told}>{escape(cluster.label)}</text>")
    return names


def _eras(drawn: Map) -> tuple[dict[int, int], str]:
    """Which of at most five equal spans of years each abstract falls in, and their legend; nothing without years."""
    years = {row: abstract.year for row, abstract in enumerate(drawn.abstracts) if abstract.year}
    if not years:
        return {}, ""
    first, last = min(years.values()), max(years.values())
    width = -(-(last - first + 1) // _ERAS)
    spans = range((last - first) // width + 1)
    items = "".join(
        f'<li><span class="swatch e{era}"></span>{_span(first + era * width, min(first + (era + 1) * width - 1, last))}</li>'
        for era in spans
    )
    if len(years) < len(drawn.abstracts):
        items += '<li><span class="swatch e-none"></span>no year</li>'
    return {row: (year - first) // width for row, year in years.items()}, f'<ul class="eras">{items}</ul>'


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"


def _list(drawn: Map, number: int, cluster: Cluster) -> str:
    items = "".join(
        f"<li>{button(drawn.abstracts[member].heading, 'open', id=drawn.abstracts[member].id, class_='title')}</li>"
        for member in cluster.members[:_LISTED]
    )
    more = len(cluster.members) - _LISTED
    rest = f'<li class="more">and {more:,} more</li>' if more > 0 else ""
    return (
        f'<details><summary><span class="swatch c{number}"></span>{escape(cluster.label)}'
        f' <span class="count">{len(cluster.members):,}</span></summary><ul>{items}{rest}</ul></details>'
    )
