"""How p95, memory and disk grow with the corpus: three log-log plots in one SVG file that stands by itself."""

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

from eval.speed.growth import Growth

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, GAP = 300, 220, 52, 30, 34, 14


def growth_plot(growth: Growth) -> str:
    """The SVG. Each panel has whole powers of ten on both axes, so that a straight line is a power law."""
    sizes = [step.search.abstracts for step in growth]
    panels = [
        ("p95 of a search, ms", {
            "no filter": [step.search.cases[0].latency.p95 for step in growth],
            "slowest filter": [max(each.latency.p95 for each in step.search.cases) for step in growth],
        }),
        ("memory, MB", {
            "searching": [step.search.memory / 1e6 for step in growth],
            "writing": [step.writing_memory / 1e6 for step in growth],
        }),
        ("disk, MB", {
            "catalog": [step.search.disk.catalog / 1e6 for step in growth],
            "vectors": [step.search.disk.vectors / 1e6 for step in growth],
            "text index": [step.search.disk.text_index / 1e6 for step in growth],
        }),
    ]  # fmt: skip
    body = Markup("").join(
        _panel(place * (WIDTH + GAP), title, sizes, lines) for place, (title, lines) in enumerate(panels)
    )
    width = len(panels) * (WIDTH + GAP)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="11" role="img" aria-label="p95, memory and disk by the number of abstracts">'
        f'<rect width="100%" height="100%" fill="white"/>{body}</svg>\n'
    )


COLOURS = ("#1f5fa8", "#c2571a", "#3a7d44")


def _panel(left: int, title: str, sizes: Sequence[int], lines: dict[str, list[float]]) -> Markup:
    values = [value for line in lines.values() for value in line if value > 0]
    xs, ys = _decades(sizes), _decades(values)

    def x(value: float) -> float:
        return left + LEFT + (WIDTH - LEFT) * _part(value, xs)

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - _part(value, ys))

    drawn = [Markup('<text x="{}" y="16" font-weight="bold">{}</text>').format(left + LEFT, title)]
    for power in range(xs[0], xs[1] + 1):
        drawn.append(_text(x(10**power), HEIGHT - BOTTOM + 15, f"{10**power:,}", "end" if power == xs[1] else "middle"))
        drawn.append(_line(x(10**power), TOP, x(10**power), HEIGHT - BOTTOM))
    for power in range(ys[0], ys[1] + 1):
        drawn.append(_text(left + LEFT - 5, y(10**power) + 4, f"{10.0**power:,g}", "end"))
        drawn.append(_line(x(10 ** xs[0]), y(10**power), x(10 ** xs[1]), y(10**power)))
    for number, ((name, line), colour) in enumerate(zip(lines.items(), COLOURS, strict=False)):
        points = [(x(size), y(value)) for size, value in zip(sizes, line, strict=True) if value > 0]
        drawn.append(
            Markup('<polyline points="{}" fill="none" stroke="{}" stroke-width="2"/>').format(
                " ".join(f"{across:.1f},{down:.1f}" for across, down in points), colour
            )
        )
        for (across, down), size, value in zip(points, sizes, line, strict=False):
            drawn.append(
                Markup('<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="{}"><title>{}</title></circle>').format(
                    across, down, colour, f"{name}: {value:,.1f} at {size:,}"
                )
            )
        drawn.append(Markup('<text x="{}" y="{}" fill="{}">{}</text>').format(
            left + LEFT + 8, TOP + 13 + 14 * number, colour, escape(name)
        ))  # fmt: skip
    return Markup("").join(drawn)


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _part(value: float, decades: tuple[int, int]) -> float:
    return (math.log10(value) - decades[0]) / (decades[1] - decades[0])


def _text(x: float, y: float, text: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" fill="#555">{}</text>').format(x, y, anchor, text)


def _line(x1: float, y1: float, x2: float, y2: float) -> Markup:
    return Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="#ddd"/>').format(x1, y1, x2, y2)
