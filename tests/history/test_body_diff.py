"""Two stored bodies word by word, and the note when their words are the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from helpscraper.history.body_diff import BodyDiff, words_of
from tests.history.story import EN, body_of, committed
from tests.history.worlds import row

PLAIN = body_of("Open the settings.")
EDITED = body_of("Close the settings.")
LINKED = body_of("Open the settings.", "Open [the settings](/settings).")
WRAPPED = body_of("Open the settings.", "Open  the settings.\n")


@pytest.fixture(scope="module")
def compare(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], BodyDiff | None]:
    rows = [row(f"a-{n}", body=body) for n, body in enumerate((PLAIN, EDITED, LINKED, WRAPPED))]
    folder: Path = tmp_path_factory.mktemp("bodies")
    return words_of(committed(folder, 0, rows), EN)


def test_other_words_need_no_note(compare: Callable[[str, str], BodyDiff | None]) -> None:
    found = compare(PLAIN.sha256, EDITED.sha256)
    assert found is not None
    assert (found.words.plain(), found.note) == ("[-Open-]{+Close+} the settings.", "")


def test_the_same_words_are_compared_as_markdown(compare: Callable[[str, str], BodyDiff | None]) -> None:
    found = compare(PLAIN.sha256, LINKED.sha256)
    assert found is not None
    assert found.words and found.note.startswith("same words; its pictures, links or formatting changed")
    found = compare(PLAIN.sha256, WRAPPED.sha256)
    assert found is not None
    assert not found.words and found.note.startswith("same words, pictures, links and formatting; only")


def test_a_body_that_is_not_there_is_compared_with_none(
    compare: Callable[[str, str], BodyDiff | None],
) -> None:
    assert compare(PLAIN.sha256, "0" * 64) is None
