"""Figures: the same in a notebook and in a page, and nothing in them that a page's policy forbids."""

from __future__ import annotations

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
