"""The quick reader of JSON gives the same values as Python's own, which reads the texts that it rejects."""

from __future__ import annotations

import json
import re

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.json_text import loads, well_formed

# Beyond 64 bits the quick reader makes a float of a whole number; a test below has those.
_PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text()
_VALUES = st.recursive(
    _PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


@given(_VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_what_is_written_is_read_as_by_json(value: object, escaped: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=escaped, indent=indent)
    # By their notation, for NaN is not equal to itself and 1 is equal to True.
    assert repr(loads(text)) == repr(json.loads(text))


@given(st.text(alphabet='[]{}",:0123456789.eE+-\\u\u00e9 \n\tnulltruefalseNaN', max_size=30))
def test_any_text_is_json_for_both_or_for_neither(text: str) -> None:
    try:
        read = json.loads(text)
    except ValueError as error:
        with pytest.raises(ValueError, match=re.escape(str(error))):
            loads(text)
    else:
        if not _has_large_number(read):
            assert repr(loads(text)) == repr(read)


def _has_large_number(value: object) -> bool:
    if isinstance(value, list):
        return any(map(_has_large_number, value))
    if isinstance(value, dict):
        return any(map(_has_large_number, value.values()))
    return isinstance(value, int) and not -(2**63) <= value < 2**64


@pytest.mark.parametrize(
    "text", ['{"title": "half \\ud83d a pair"}', "[NaN, -Infinity, 1e999]", "[" * 1500 + "]" * 1500]
)
def test_what_the_quick_reader_refuses_is_read_all_the_same(text: str) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(text)
    try:
        expected = json.loads(text)
    except RecursionError:
        with pytest.raises(RecursionError):
            loads(text)
    else:
        assert repr(loads(text)) == repr(expected)


def test_nesting_without_end_is_an_error_of_its_own() -> None:
    with pytest.raises(RecursionError):
        loads("[" * 200_000)


def test_the_quick_reader_is_asked_first() -> None:
    # The two things that its docstring names: a float beyond 64 bits, and what "json" cannot read for its depth.
    assert repr(loads(f"[{2**64 - 1}, {2**64}, {-(2**63) - 1}]")) == repr(
        [2**64 - 1, float(2**64), -float(2**63)]
    )
    depth, value = 0, loads("[" * 1010 + "]" * 1010)
    while value:
        depth, value = depth + 1, value[0]
    assert depth == 1009


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=20))
def test_well_formed_text_can_be_stored_and_keeps_all_that_could_be(text: str) -> None:
    clean = well_formed(text)
    clean.encode("utf-8")
    assert well_formed(clean) is clean
    pairs = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    kept = "".join("\ufffd" if "\ud800" <= each <= "\udfff" else each for each in pairs)
    assert clean == (kept if any("\ud800" <= each <= "\udfff" for each in text) else text)
