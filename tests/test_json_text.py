"""The quick reader of JSON says what Python's own says, and leaves to it what it does not read itself."""

from __future__ import annotations

import json
import re

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.json_text import loads

# Beyond 64 bits the quick reader makes a float of a whole number, as its docstring says.
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
