"""The figures of report and notebooks, drawn by matplotlib.

Each function takes sequences (or columns of a DataFrame) and returns a ``Figure``, which a notebook shows. Periods are
instants, named as short as tells them apart, or names.
``inline_svg`` turns it into SVG for a page with a strict Content-Security-Policy: without style attributes, and with
colours that follow the page's colour scheme.
"""

from __future__ import annotations

import functools
import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec

import matplotlib as mpl
from lxml import etree
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.ticker import MaxNLocator

from helpscraper.publish.report.periods import short_names

__all__ = [
    "KIND_COLOURS",
    "PHONE",
    "changes_by_kind",
    "changes_by_section",
    "inline_svg",
    "series",
    "silent_edits",
    "starts_at_zero",
]

KIND_COLOURS = {
    "added": "#2a9d8f",
    "removed": "#c8553d",
    "unverified": "#b08968",
    "renamed": "#8d6cab",
    "edited": "#2f6fb0",
    "retitled": "#d08c20",
    "moved": "#6b8f3a",
    "touched": "#8a94a0",
    "counted": "#b9c0c8",
}
"""The colour of each kind of change, distinct with red-green colour blindness too."""

_INK, _SOFT, _LINE, _PAPER, _ACCENT = "#1c2430", "#5b6675", "#d5dae1", "#ffffff", "#0f766e"
_HEAT = ("#e6f2f0", "#bfe0db", "#8cc7be", "#53a99d", "#22857a", "#0d5c54")
_ROLES = (
    {_INK: "--ink", _SOFT: "--soft", _LINE: "--line", _PAPER: "--card", _ACCENT: "--accent"}
    | {colour: f"--{kind}" for kind, colour in KIND_COLOURS.items()}
    | {colour: f"--heat-{number}" for number, colour in enumerate(_HEAT)}
)
_STYLE: Any = {
    "svg.fonttype": "none",
    # The name of a section may hold "$".
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 9.0,
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _SOFT,
    "xtick.color": _SOFT,
    "ytick.color": _SOFT,
    "text.color": _INK,
}
_OTHER_SCRIPTS = {
    "Noto Sans CJK SC",
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans Thai",
    "Noto Sans Devanagari",
}


DESK, PHONE = 9.2, 4.6
"""Widths of a stacked figure in inches."""

P = ParamSpec("P")


def _styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw with our style instead of the notebook's."""

    @functools.wraps(draw)
    def styled(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context(_STYLE | {"font.family": ["sans-serif", *_more_fonts()]}):
            return draw(*args, **kwargs)

    return styled


@functools.cache
def _more_fonts() -> list[str]:
    """Return the installed fonts with the scripts that matplotlib's own font lacks; a browser has its own."""
    return sorted(_OTHER_SCRIPTS & set(fontManager.get_font_names()))


def _figure(width: float, height: float, title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained", facecolor=_PAPER)
    if title:
        figure.suptitle(_short(title, 70), x=0.01, ha="left", fontsize=10)
    axes = figure.subplots()
    axes.set_facecolor(_PAPER)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_LINE)
    axes.tick_params(length=0, colors=_SOFT, labelsize=9)
    axes.set_axisbelow(True)
    return figure, axes


def _names(periods: Sequence[Any]) -> list[str]:
    """Return the labels of ``periods``."""
    if all(hasattr(period, "strftime") for period in periods):
        return short_names([f"{period:%Y-%m-%d %H:%M:%S}" for period in periods])
    return [str(period) for period in periods]


def _label_periods(axes: Axes, periods: Sequence[Any], width: float) -> None:
    """Label as many periods as there is room for, always the last one."""
    periods = _names(periods)
    room = max(2, int(width * 10 / max(map(len, periods), default=1)))
    step = -(-len(periods) // room) or 1
    places = list(range(len(periods) - 1, -1, -step))[::-1]
    axes.set_xticks(places, [periods[place] for place in places])
    axes.set_xlim(-0.6, max(len(periods), 1) - 0.4)


def _number_axis(axes: Axes) -> None:
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True, min_n_ticks=2))
    axes.grid(axis="y", color=_LINE, linewidth=0.6)


def _stacked(
    periods: Sequence[Any],
    layers: Mapping[str, Sequence[int]],
    colours: Mapping[str, str],
    width: float,
    title: str,
) -> Figure:
    figure, axes = _figure(width, 2.7, title)
    floor = [0] * len(periods)
    for name, counts in layers.items():
        axes.bar(
            range(len(periods)),
            counts,
            bottom=floor,
            width=0.72,
            color=colours[name],
            label=name,
            linewidth=0,
        )
        floor = [low + count for low, count in zip(floor, counts, strict=True)]
    _label_periods(axes, periods, figure.get_figwidth())
    _number_axis(axes)
    axes.set_ylim(bottom=0)
    if layers:
        # Above the bars, to hide none.
        axes.legend(
            loc="lower left", bbox_to_anchor=(0, 1.0), ncols=min(len(layers), int(width * 0.77)), frameon=False,
            fontsize=9, labelcolor=_INK, handlelength=0.8, handleheight=0.8, columnspacing=1.2, borderaxespad=0.2,
        )  # fmt: skip
    return figure


@_styled
def changes_by_kind(
    periods: Sequence[Any], kinds: Mapping[str, Sequence[int]], *, width: float = DESK, title: str = ""
) -> Figure:
    """Return stacked bars: changed articles in each period, by kind (a key of ``KIND_COLOURS``); width in inches."""
    return _stacked(periods, kinds, KIND_COLOURS, width, title)


@_styled
def silent_edits(
    periods: Sequence[Any],
    dated: Sequence[int],
    silent: Sequence[int],
    *,
    width: float = DESK,
    title: str = "",
) -> Figure:
    """Return stacked bars: edits that the site dated, and silent ones; width in inches."""
    return _stacked(
        periods,
        {"dated by the site": dated, "silent": silent},
        {"dated by the site": KIND_COLOURS["counted"], "silent": KIND_COLOURS["removed"]},
        width,
        title,
    )


@_styled
def changes_by_section(
    periods: Sequence[Any], sections: Mapping[str, Sequence[int]], *, title: str = ""
) -> Figure:
    """Return a heat map: changed articles by section (rows) and period (columns)."""
    figure, axes = _figure(5.2, 0.7 + 0.24 * max(len(sections), 2), title)
    top = max((max(counts, default=0) for counts in sections.values()), default=0)
    steps = [
        0 if not count else 1 + min(len(_HEAT) - 1, (count - 1) * len(_HEAT) // max(top, 1))
        for counts in sections.values()
        for count in counts
    ]
    columns = len(periods)
    # Rectangles, because an image in an SVG is a data: URL, which the pages do not allow.
    for place, step in enumerate(steps):
        if step:
            axes.broken_barh(
                [(place % columns - 0.45, 0.9)],
                (place // columns - 0.42, 0.84),
                facecolors=_HEAT[step - 1],
                linewidth=0,
            )
    axes.set_yticks(range(len(sections)), [_short(name) for name in sections])
    axes.set_ylim(max(len(sections), 1) - 0.5, -0.5)
    names = max(map(len, map(_short, sections)), default=0) * 0.065  # inches
    _label_periods(axes, periods, figure.get_figwidth() - names)
    axes.spines["bottom"].set_visible(False)
    return figure


def starts_at_zero(values: Sequence[float | None]) -> bool:
    """Tell whether the axis of ``series`` starts at 0: not where that would hide the changes of large values."""
    known = [value for value in values if value is not None]
    return not known or min(known) <= max(known) / 2


@_styled
def series(
    periods: Sequence[Any], values: Sequence[float | None], *, label: str = "", title: str = ""
) -> Figure:
    """Return a line: one value over time, for instance view counts; gaps where it is None.

    ``label`` names the value; it also says if the axis does not begin at 0.
    """
    figure, axes = _figure(5.2, 2.4, title)
    places = range(len(periods))
    known = [float("nan") if value is None else float(value) for value in values]
    axes.plot(places, known, color=_ACCENT, linewidth=2, solid_capstyle="round")
    if len(periods) < 40:
        axes.plot(places, known, "o", color=_ACCENT, markersize=3.5)
    _label_periods(axes, periods, figure.get_figwidth())
    _number_axis(axes)
    if len(there := {value for value in values if value is not None}) == 1:
        axes.set_yticks(sorted(there))  # an axis around one value would have fractions of it
    if from_zero := starts_at_zero(values):
        axes.set_ylim(bottom=0)
    if label:
        axes.set_ylabel(_short(label) + ("" if from_zero else " (not from 0)"))
    return figure


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _short(text: str, most: int = 28) -> str:
    """Return a text of the site as a short label; XML forbids control characters."""
    plain = _plain(text)
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


_KEPT = {
    "fill",
    "stroke",
    "stroke-width",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-dasharray",
    "opacity",
    "fill-opacity",
    "text-anchor",
}
_SVG = "{http://www.w3.org/2000/svg}"


def inline_svg(figure: Figure, name: str, description: str) -> str:
    """Return ``figure`` as an SVG element for a page; equal figures give equal text.

    ``name`` makes the ids of the figures of a page distinct; ``description`` is for screen readers.
    """
    target = io.StringIO()
    with mpl.rc_context(_STYLE | {"svg.hashsalt": name}), warnings.catch_warnings():
        # The SVG holds text, and the browser has fonts that matplotlib lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        figure.savefig(
            target, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, load_dtd=False)
    root = etree.fromstring(target.getvalue().encode(), parser)
    for element in list(root.iter(f"{_SVG}metadata", f"{_SVG}style")):
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)
    for element in root.iter():
        _attributes(element)
    for size in ("width", "height", "version"):
        root.attrib.pop(size, "")
    root.set("class", "plot")
    root.set("role", "img")
    root.set("aria-label", _plain(description))
    return etree.tostring(root, encoding="unicode")


def _attributes(element: etree._Element) -> None:
    """Turn a style attribute, which the pages' policy forbids, into SVG attributes."""
    if element.tag == f"{_SVG}g":
        name = str(element.attrib.pop("id", ""))
        if name.startswith("slot-"):
            element.set("data-slot", name.removeprefix("slot-"))
    style = element.attrib.pop("style", "")
    for declaration in str(style).split(";"):
        name, _, value = declaration.partition(":")
        name, value = name.strip(), value.strip()
        if name == "font-size":
            element.set(name, value.removesuffix("px"))
        elif name in _KEPT:
            role = _ROLES.get(value.lower())
            element.set(name, f"var({role})" if role else value)
