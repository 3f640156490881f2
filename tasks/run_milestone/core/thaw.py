"""thaw: JSON → frozen values, the inverse of digest.plain; it knows the classes, not what they are for."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from .serialize import Steps, where

T = TypeVar("T")
Thaw = Callable[[Any], Any]


class _MisshapenError(ValueError):
    def __init__(self, steps: Steps, what: str) -> None:
        super().__init__(f"{where(steps, 'value')}: {what}")
        self.steps = steps
        self.what = what

    def below(self, step: str | int) -> _MisshapenError:
        return _MisshapenError((step, *self.steps), self.what)


def thaw(cls: type[T], data: Any) -> T:
    """Return the frozen `cls` that `data` was written from; absent fields take their defaults.

    Errors: ValueError naming the field (`phases[0].issues[2].slug: 3, expected str`).
    """
    chosen: Any = cls
    value: T = _thaw_of(chosen)(data)
    return value


@cache
def _thaw_of(kind: Any) -> Thaw:
    """Choose, once per type, how its values are thawed."""
    if kind is Any:
        return lambda value: value
    if isinstance(kind, type) and not get_args(kind):
        return _thaw_of_class(kind)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple:
        return _row(inner[0]) if inner[1:] == (...,) else _tuple(inner)
    if origin is dict:
        return _mapping(inner[1])
    if origin is Literal:
        return _one_of(dict(zip(inner, inner, strict=True)))
    return _either(inner)


def _thaw_of_class(kind: Any) -> Thaw:
    if is_dataclass(kind):
        return _record(kind)
    if issubclass(kind, Enum):
        return _one_of({member.value: member for member in kind})
    return _scalar(kind)


def _record(kind: Any) -> Thaw:
    hints = get_type_hints(kind)
    thaws = {field.name: _thaw_of(hints[field.name]) for field in fields(kind)}
    needed = {one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING}

    def thaw_record(data: Any) -> Any:
        if not isinstance(data, dict):
            raise _not(data, kind.__name__)
        if not needed <= data.keys() <= thaws.keys():
            raise _misnamed(data, thaws.keys(), needed)
        return kind(**_each(data.items(), thaws.__getitem__))

    return thaw_record


def _misnamed(data: dict[str, Any], known: AbstractSet[str], needed: AbstractSet[str]) -> _MisshapenError:
    for name in data.keys() - known:
        return _MisshapenError((name,), "is not a field")
    return _MisshapenError((min(needed - data.keys()),), "is missing")


def _each(items: Iterable[tuple[Any, Any]], thaw_for: Callable[[Any], Thaw]) -> dict[Any, Any]:
    """Thaw several values; an error names the step it happened at."""
    thawed = {}
    step: str | int = ""
    try:
        for step, value in items:
            thawed[step] = thaw_for(step)(value)
    except _MisshapenError as error:
        raise error.below(step) from None
    return thawed


def _row(inner: Any) -> Thaw:
    thaw_item = _thaw_of(inner)

    def thaw_row(data: Any) -> Any:
        if not isinstance(data, list):
            raise _not(data, "list")
        return tuple(_each(enumerate(data), lambda _: thaw_item).values())

    return thaw_row


def _tuple(inner: tuple[Any, ...]) -> Thaw:
    thaws = [_thaw_of(kind) for kind in inner]

    def thaw_tuple(data: Any) -> Any:
        if not isinstance(data, list) or len(data) != len(thaws):
            raise _not(data, f"list of {len(thaws)}")
        return tuple(_each(enumerate(data), thaws.__getitem__).values())

    return thaw_tuple


def _mapping(inner: Any) -> Thaw:
    thaw_item = _thaw_of(inner)

    def thaw_mapping(data: Any) -> Any:
        if not isinstance(data, dict):
            raise _not(data, "mapping")
        return _each(data.items(), lambda _: thaw_item)

    return thaw_mapping


def _either(inner: tuple[Any, ...]) -> Thaw:
    """Thaw an optional value; of several classes the first that fits is taken."""
    thaws = [_thaw_of(kind) for kind in inner if kind is not types.NoneType]
    optional = types.NoneType in inner

    def thaw_either(data: Any) -> Any:
        if data is None and optional:
            return None
        for thaw_this in thaws[:-1]:
            try:
                return thaw_this(data)
            except _MisshapenError:
                continue
        return thaws[-1](data)

    return thaw_either


def _one_of(members: dict[Any, Any]) -> Thaw:
    def thaw_member(data: Any) -> Any:
        if not isinstance(data, str) or data not in members:
            raise _not(data, f"one of {', '.join(map(str, members))}")
        return members[data]

    return thaw_member


def _scalar(kind: type) -> Thaw:
    # JSON has one kind of number, so a whole float may come back as int; a bool is never a number here.
    accepted = {float, int} if kind is float else {kind}

    def thaw_scalar(data: Any) -> Any:
        if type(data) not in accepted:
            raise _not(data, kind.__name__)
        return data

    return thaw_scalar


def _not(value: Any, expected: str) -> _MisshapenError:
    return _MisshapenError((), f"{value!r:.60}, expected {expected}")
