"""Figures: the same in a notebook and in a page, and nothing in them that a page's policy forbids."""

from __future__ import annotations

import datetime as dt
import io
import warnings

import pytest
from lxml import etree
from matplotlib.figure import Figure

from helpscraper.publish.report import plots

PERIODS = ["2026-06-01", "2026-06-08", "2026-06-15"]
HOSTILE = "<script>x()</script> $\\frac{1}{$ \x00 提币 \u202e"


def figures(label: str = "Fees") -> dict[str, Figure]:
    return {
        "kinds": plots.changes_by_kind(PERIODS, {"added": [1, 0, 2], "edited": [3, 4, 5]}),
        "sections": plots.changes_by_section(PERIODS, {label: [1, 0, 9], "Other": [0, 0, 0]}),
        "silent": plots.silent_edits(PERIODS, [1, 2, 3], [0, 1, 0]),
        "series": plots.series(PERIODS, [10, None, 12], label=label),
    }


@pytest.mark.parametrize("name", figures())
def test_a_figure_as_inline_svg(name: str) -> None:
    svg = plots.inline_svg(figures(HOSTILE)[name], name, f"about {HOSTILE}")
    root = etree.fromstring(svg)
    assert root.get("role") == "img" and "about" in root.get("aria-label", "")
    tags = {etree.QName(element).localname for element in root.iter()}
    assert not tags & {"script", "style", "image", "a", "foreignObject", "metadata"}
    assert "style=" not in svg and "data:" not in svg and "#2f6fb0" not in svg
    assert svg == plots.inline_svg(figures(HOSTILE)[name], name, f"about {HOSTILE}"), (
        "equal figures, equal text"
    )


def test_labels_stay_text() -> None:
    svg = plots.inline_svg(figures("提币 & fees")["sections"], "s", "d")
    assert "提币 &amp; fees</text>" in svg


def test_bars_are_as_high_as_the_counts() -> None:
    axes = plots.changes_by_kind(PERIODS, {"added": [1, 0, 2], "edited": [3, 4, 5]}).axes[0]
    assert [bar.get_height() for container in axes.containers for bar in container] == [1, 0, 2, 3, 4, 5]  # type: ignore[attr-defined]
    assert [bar.get_y() for bar in axes.containers[1]] == [1, 0, 2]  # type: ignore[attr-defined]


def test_empty_and_long_inputs_are_drawn() -> None:
    assert plots.inline_svg(plots.changes_by_section([], {}), "a", "d")
    months = [f"20{n // 12:02d}-{n % 12 + 1:02d}" for n in range(240)]
    svg = plots.inline_svg(plots.changes_by_kind(months, {"edited": list(range(240))}), "b", "d")
    assert svg.count("<text") < 40


@pytest.mark.parametrize(
    ("step", "names"),
    [
        (dt.timedelta(days=1), ["11-27", "11-28", "11-29"]),
        (dt.timedelta(hours=6), ["11-27 06:00", "11-27 12:00", "11-27 18:00"]),
        (dt.timedelta(days=365), ["2026-11-27", "2027-11-27", "2028-11-26"]),
    ],
)
def test_instants_are_named_so_that_no_two_look_alike(step: dt.timedelta, names: list[str]) -> None:
    at = [dt.datetime(2026, 11, 27, 6, tzinfo=dt.UTC) + n * step for n in range(3)]
    for figure in (
        plots.series(at, [1, 2, 3]),
        plots.silent_edits(at, [1, 2, 3], [0, 1, 0]),
        plots.changes_by_section(at, {"Fees": [1, 2, 3]}),
    ):
        assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == names


@pytest.mark.parametrize("values", [[76, 77, 79], [270, 271], [5, 5, 5], [1, 2], [0, 3], [10, None, 200]])
def test_an_axis_has_whole_steps_and_says_if_it_does_not_begin_at_0(values: list[float | None]) -> None:
    axes = plots.series(list(range(len(values))), values, label="views").axes[0]
    assert axes.get_ylabel() == ("views" if axes.get_ylim()[0] <= 0 else "views (not from 0)")
    assert all(float(tick).is_integer() for tick in axes.get_yticks())


@pytest.mark.skipif(not plots._more_fonts(), reason="no font for Chinese is installed")
def test_titles_of_any_edition_are_drawn_in_a_notebook() -> None:
    """A glyph that is missing is a warning of matplotlib and an empty box in the picture."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for title in ("\u63d0\u5e01\u8d39\u7528", "\u0631\u0633\u0648\u0645 P2P", "Geb\u00fchren"):
            figure = plots.changes_by_section(PERIODS, {title: [1, 2, 3]}, title=title)
            figure.savefig(io.BytesIO())
