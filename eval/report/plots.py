"""Plots as inline SVG. Colours come from the page's style sheet, so that they follow light and dark.

Every number that is drawn also stands in a ``<title>`` (shown on hovering), and each plot has a text alternative.
"""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from eval.metrics.abstention import CalibrationBin, RiskAtCoverage
from eval.metrics.latency import Latency
from eval.statistics import Interval

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 48, 14, 14, 42
ROW = 24


def risk_coverage(curve: Sequence[RiskAtCoverage]) -> Markup:
    """Risk (mean loss) against coverage: the lower and flatter, the better confidence picks what to answer."""
    if not curve:
        return _empty("No question was answered.")
    points = " ".join(f"{_x(point.coverage):.1f},{_y(point.risk):.1f}" for point in curve)
    last = curve[-1]
    inside = [
        *_axes("coverage: share of questions answered", "risk: mean loss"),
        Markup('<polyline class="line" points="{}"/>').format(points),
        _dot(last.coverage, last.risk, f"as run: coverage {last.coverage:.2f}, risk {last.risk:.2f}"),
        Markup('<text class="tick" x="{}" y="{}" text-anchor="end">as run</text>').format(
            f"{_x(last.coverage) - 8:.1f}", f"{_y(last.risk) - 9:.1f}"
        ),
    ]
    return _svg(f"Risk-coverage curve, ending at coverage {last.coverage:.2f} with risk {last.risk:.2f}", inside)


def calibration(bins: Sequence[CalibrationBin]) -> Markup:
    """Share answerable against confidence, one dot a bin, its area the number of questions; the diagonal is ideal."""
    if not bins:
        return _empty("No confidence to compare.")
    most = max(each.count for each in bins)
    inside = [
        *_axes("confidence", "share that is answerable"),
        Markup('<line class="ideal" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(_x(0), _y(0), _x(1), _y(1)),
        Markup('<polyline class="line thin" points="{}"/>').format(
            " ".join(f"{_x(each.confidence):.1f},{_y(each.true_share):.1f}" for each in bins)
        ),
        *(
            _dot(
                each.confidence,
                each.true_share,
                f"{each.count} questions with confidence {each.low:.1f} to {each.high:.1f}: "
                f"mean {each.confidence:.2f}, {each.true_share:.0%} answerable",
                3 + 8 * (each.count / most) ** 0.5,
            )
            for each in bins
        ),
    ]
    return _svg(f"Calibration of confidence in {len(bins)} bins", inside)


def scores_by_type(types: Mapping[str, tuple[int, Interval]]) -> Markup:
    """Mean quality of each question type with its interval, as bars; ``types`` also says how many questions."""
    rows = []
    for row, (name, (count, interval)) in enumerate(types.items()):
        y, high = TOP + row * ROW, interval
        rows += [
            Markup('<text class="label" x="{}" y="{}" text-anchor="end">{} ({})</text>').format(
                _BAR_LEFT - 8, y + 14, name, count
            ),
            Markup('<rect class="track" x="{}" y="{}" width="{}" height="14" rx="2"/>').format(
                _BAR_LEFT, y + 3, _BAR_WIDTH
            ),
            Markup('<rect class="bar" x="{}" y="{}" width="{:.1f}" height="14" rx="2"><title>{}</title></rect>').format(
                _BAR_LEFT,
                y + 3,
                high.value * _BAR_WIDTH,
                f"{name}: {high.value:.2f} (95% {high.low:.2f} to {high.high:.2f})",
            ),
            Markup('<line class="whisker" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>').format(
                _BAR_LEFT + high.low * _BAR_WIDTH, _BAR_LEFT + high.high * _BAR_WIDTH, y + 10, y + 10
            ),
            Markup('<text class="tick" x="{}" y="{}">{:.2f}</text>').format(
                _BAR_LEFT + _BAR_WIDTH + 6, y + 14, high.value
            ),
        ]
    return _svg("Mean quality by question type, with 95% intervals", rows, TOP + len(types) * ROW + 6)


def latency_by_stage(stages: Mapping[str, Latency]) -> Markup:
    """Median (solid) and 95th percentile (pale) of each stage, as bars, in milliseconds."""
    if not stages:
        return _empty("No timings.")
    longest = max(each.p95 for each in stages.values()) or 1.0
    rows = []
    for row, (name, each) in enumerate(stages.items()):
        y = TOP + row * ROW
        width = _BAR_WIDTH - 50  # room for the two numbers
        rows += [
            Markup('<text class="label" x="{}" y="{}" text-anchor="end">{}</text>').format(_BAR_LEFT - 8, y + 14, name),
            Markup('<rect class="bar pale" x="{}" y="{}" width="{:.1f}" height="14" rx="2"/>').format(
                _BAR_LEFT, y + 3, max(1.0, each.p95 / longest * width)
            ),
            Markup('<rect class="bar" x="{}" y="{}" width="{:.1f}" height="14" rx="2"><title>{}</title></rect>').format(
                _BAR_LEFT,
                y + 3,
                max(1.0, each.p50 / longest * width),
                f"{name}: p50 {each.p50:.1f} ms, p95 {each.p95:.1f} ms over {each.count} answers",
            ),
            Markup('<text class="tick" x="{:.1f}" y="{}">{} / {} ms</text>').format(
                _BAR_LEFT + max(1.0, each.p95 / longest * width) + 6, y + 14, _short(each.p50), _short(each.p95)
            ),
        ]
    return _svg("Latency by stage, median and 95th percentile", rows, TOP + len(stages) * ROW + 6)


_BAR_LEFT = 130
_BAR_WIDTH = WIDTH - _BAR_LEFT - 42


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _axes(below: str, beside: str) -> list[Markup]:
    lines = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        lines += [
            Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(_x(0), _x(1), _y(tick), _y(tick)),
            Markup('<text class="tick" x="{}" y="{}" text-anchor="end">{:g}</text>').format(
                _x(0) - 6, _y(tick) + 4, tick
            ),
            Markup('<text class="tick" x="{}" y="{}" text-anchor="middle">{:g}</text>').format(
                _x(tick), _y(0) + 16, tick
            ),
        ]
    middle = (TOP + HEIGHT - BOTTOM) / 2
    return [
        *lines,
        Markup('<text class="label" x="{}" y="{}" text-anchor="middle">{}</text>').format(_x(0.5), HEIGHT - 6, below),
        Markup('<text class="label" transform="translate(12 {}) rotate(-90)" text-anchor="middle">{}</text>').format(
            middle, beside
        ),
    ]


def _dot(x: float, y: float, title: str, radius: float = 4.5) -> Markup:
    return Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"><title>{}</title></circle>').format(
        _x(x), _y(y), radius, title
    )


def _short(milliseconds: float) -> str:
    return f"{milliseconds:.1f}" if milliseconds < 10 else f"{milliseconds:,.0f}"


def _svg(description: str, inside: Sequence[Markup], height: int = HEIGHT) -> Markup:
    return Markup('<svg role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>').format(
        description, WIDTH, height, Markup("").join(inside)
    )


def _empty(sentence: str) -> Markup:
    return Markup('<p class="muted">{}</p>').format(sentence)
