"""Typed records that are written as JSON objects and read back without loss.

A record is a frozen dataclass. An object of another version may lack fields or have more of them; both survive reading
and writing.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NamedTuple,
    Self,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

__all__ = ["JsonRecord", "WrongTypeError"]

_ALL: Final = frozenset({"*"})

# The whole numbers that every reader of JSON, and a float, holds exactly.
_EXACT: Final = 1 << 53


class WrongTypeError(ValueError):
    """A value has another type than its field; the text is the path of its key (``counts.fetched``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonRecord:
    """Base of the records. A default means "not stated".

    ``stated`` names the fields that are written although they have their default (``*``: all): the record says that
    they are null or empty. ``other`` holds the keys of the object that are no fields, and nulls in place of a
    collection.
    """

    stated: frozenset[str] = field(default=_ALL, compare=False, repr=False)
    other: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return the record as a JSON object."""
        found = dict(self.other)
        for name, entry in _entries(type(self)).items():
            value = getattr(self, name)
            if value != entry.default or name in self.stated or "*" in self.stated:
                found[name] = _plain(value)
        return found

    @classmethod
    def from_json(cls, data: object, key: str = "") -> Self:
        """Read the JSON object ``data`` at the path ``key``; raises ``WrongTypeError`` with all keys that are wrong."""
        if not isinstance(data, Mapping):
            raise WrongTypeError(key)
        entries = _entries(cls)
        values: dict[str, Any] = {}
        other: dict[str, Any] = {}
        wrong: list[str] = []
        for name, value in data.items():
            entry = entries.get(name)
            if entry is None or (value is None and not entry.nullable):
                other[name] = value
                continue
            try:
                values[name] = entry.read(value, f"{key}.{name}" if key else name)
            except WrongTypeError as error:
                wrong.append(str(error))
        lacking = [name for name, entry in entries.items() if entry.default is MISSING and name not in values]
        if wrong or lacking:
            raise WrongTypeError(", ".join(wrong) or key)
        return cls(**values, stated=frozenset(values), other=other)


class _Entry(NamedTuple):
    default: Any
    nullable: bool
    read: Callable[[Any, str], Any]


_known: dict[type[JsonRecord], dict[str, _Entry]] = {}


def _entries(record: type[JsonRecord]) -> dict[str, _Entry]:
    """Return the fields of ``record`` that are keys of its JSON object."""
    if record in _known:
        return _known[record]
    hints, found = get_type_hints(record, include_extras=True), {}
    for each in fields(record):
        if each.name not in ("stated", "other"):
            default = each.default if each.default_factory is MISSING else each.default_factory()
            hint = hints[each.name]
            found[each.name] = _Entry(default, type(None) in get_args(hint), _reader(hint))
    _known[record] = found
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, JsonRecord):
        return value.to_json()
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value


def _reader(hint: Any) -> Callable[[Any, str], Any]:
    """Return the function that reads a value of the type ``hint`` from JSON, given the path of its key."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        read = _reader(next(each for each in inner if each is not type(None)))
        return lambda value, key: None if value is None else read(value, key)
    if origin is Annotated:
        return _checked(hint.__metadata__[0])
    if origin is Literal:
        return _checked(_is_text)  # a newer version may have further names
    if origin is tuple:
        item = _reader(inner[0])
        return lambda value, key: tuple(item(each, key) for each in _checked(_is_list)(value, key))
    if origin is Mapping:
        item = _reader(inner[1])
        return lambda value, key: {
            name: item(each, f"{key}.{name}") for name, each in _checked(_is_object)(value, key).items()
        }
    if hint is Any:
        return lambda value, key: value
    if issubclass(hint, JsonRecord):
        record: type[JsonRecord] = hint
        return record.from_json
    return _checked(_CHECKS[hint])


def _checked(fits: Callable[[Any], bool]) -> Callable[[Any, str], Any]:
    def read(value: Any, key: str) -> Any:
        if not fits(value):
            raise WrongTypeError(key)
        return value

    return read


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _EXACT


def _is_number(value: object) -> bool:
    # The comparison is false for NaN.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _EXACT


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


_CHECKS: Final[Mapping[type, Callable[[Any], bool]]] = {
    str: _is_text,
    int: _is_whole,
    float: _is_number,
    bool: _is_bool,
}
