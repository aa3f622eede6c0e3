"""Typed records that are written as JSON objects and read back without loss.

A record is a frozen dataclass. An object of another version may lack fields or have unknown ones; reading and writing
it preserves both.
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

# Every JSON reader, and a float, holds integers below this exactly.
_EXACT: Final = 1 << 53


class WrongTypeError(ValueError):
    """A value has another type than its field; the message is the path of its key (``counts.fetched``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonRecord:
    """Base class of the records. A field with its default is not written, unless ``stated`` names it (``*``: all).

    ``other`` holds the unknown keys of the object, and keys with null where the field is a collection.
    """

    stated: frozenset[str] = field(default=_ALL, compare=False, repr=False)
    other: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return the record as a JSON object."""
        found = dict(self.other)
        for name, known in _keys(type(self)).items():
            value = getattr(self, name)
            if value != known.default or name in self.stated or "*" in self.stated:
                found[name] = _plain(value)
        return found

    @classmethod
    def from_json(cls, data: object, key: str = "") -> Self:
        """Read the JSON object ``data`` at the path ``key``; raises ``WrongTypeError`` naming all wrong keys."""
        if not isinstance(data, Mapping):
            raise WrongTypeError(key)
        keys = _keys(cls)
        values: dict[str, Any] = {}
        other: dict[str, Any] = {}
        wrong: list[str] = []
        for name, value in data.items():
            known = keys.get(name)
            if known is None or (value is None and not known.nullable):
                other[name] = value
                continue
            try:
                values[name] = known.read(value, f"{key}.{name}" if key else name)
            except WrongTypeError as error:
                wrong.append(str(error))
        missing = [name for name, known in keys.items() if known.default is MISSING and name not in values]
        if wrong or missing:
            raise WrongTypeError(", ".join(wrong) or key)
        return cls(**values, stated=frozenset(values), other=other)


class _Key(NamedTuple):
    default: Any
    nullable: bool
    read: Callable[[Any, str], Any]


_cached: dict[type[JsonRecord], dict[str, _Key]] = {}


def _keys(record: type[JsonRecord]) -> dict[str, _Key]:
    """Return the fields of ``record`` that are keys of its JSON object."""
    if record in _cached:
        return _cached[record]
    hints, found = get_type_hints(record, include_extras=True), {}
    for each in fields(record):
        if each.name not in ("stated", "other"):
            default = each.default if each.default_factory is MISSING else each.default_factory()
            hint = hints[each.name]
            found[each.name] = _Key(default, type(None) in get_args(hint), _reader(hint))
    _cached[record] = found
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
        return _checked(_is_text)  # a newer version may add values
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
