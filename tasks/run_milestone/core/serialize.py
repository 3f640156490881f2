"""Frozen values ⇄ JSON: `plain` and `thaw` are inverses, `digest` names a value by its content."""

from __future__ import annotations

import hashlib
import json
import re
import types
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints


def plain(value: Any) -> Any:
    """Turn frozen values into what JSON can hold. Fields keep the order of their class, so printing is stable."""
    return _plain(value, digested=False)


def _plain(value: Any, *, digested: bool) -> Any:
    """Turn values into JSON's. A digest leaves out some fields, as `digest` says.

    A field with the metadata `sparse` is never written at its default.
    """
    if value is None or type(value) in _AS_IT_IS:
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(item, digested=digested) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item, digested=digested) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        items = ((one, getattr(value, one.name)) for one in _fields(type(value)))
        kept = ((one.name, item) for one, item in items if not _left_out(one, item, digested=digested))
        return {name: _plain(item, digested=digested) for name, item in kept}
    return value


_AS_IT_IS = frozenset({str, int, float, bool})
_fields = cache(fields)
"""The fields of a class, looked up once."""


def _left_out(one: Field[Any], item: Any, *, digested: bool) -> bool:
    if ("later" if digested else "sparse") not in one.metadata:
        return digested and "aside" in one.metadata
    default = one.default if one.default_factory is MISSING else one.default_factory()
    return bool(item == default)


def as_json(value: Any) -> str:
    """Return plain data as indented JSON for people, with a newline at its end."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def digest(value: Any) -> str:
    """SHA-256 (64 hex digits) of the canonical JSON of a value made of plain and frozen parts.

    A field with the metadata `later` is left out at its default: older digests of such values still hold. One with
    `aside` is always left out: no work is done again where it changes.
    """
    return hashlib.sha256(_canonical(_plain(value, digested=True)).encode()).hexdigest()


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


Steps = tuple[str | int, ...]
"""The path from a document's top to a value: keys and list positions."""


def where(steps: Steps, top: str = "plan") -> str:
    """Return the path to a value as people write it, `phases[0].issues[2].slug`; `top` for the document itself."""
    return "".join(_step(step) for step in steps).removeprefix(".") or top


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", step) else f"[{quoted(step)}]"


def quoted(value: str) -> str:
    """Return untrusted text as a message may hold it: bounded, with control characters escaped."""
    return repr(value if len(value) <= 60 else f"{value[:57]}...")


T = TypeVar("T")
Thaw = Callable[[Any], Any]


class _MisshapenError(ValueError):
    """A value that is not of the expected type; `steps` lead to it."""

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
        return kind(**_each((name, thaws[name], value) for name, value in data.items()))

    return thaw_record


def _misnamed(data: dict[str, Any], known: AbstractSet[str], needed: AbstractSet[str]) -> _MisshapenError:
    for name in data.keys() - known:
        return _MisshapenError((name,), "is not a field")
    return _MisshapenError((min(needed - data.keys()),), "is missing")


def _each(items: Iterable[tuple[Any, Any, Any]]) -> dict[Any, Any]:
    """Thaw several values, each given with its step and its thaw. An error names the step it happened at."""
    thawed = {}
    step: str | int = ""
    try:
        for step, thaw_item, value in items:
            thawed[step] = thaw_item(value)
    except _MisshapenError as error:
        raise error.below(step) from None
    return thawed


def _row(inner: Any) -> Thaw:
    thaw_item = _thaw_of(inner)

    def thaw_row(data: Any) -> Any:
        if not isinstance(data, list):
            raise _not(data, "list")
        return tuple(_each((place, thaw_item, item) for place, item in enumerate(data)).values())

    return thaw_row


def _tuple(inner: tuple[Any, ...]) -> Thaw:
    thaws = [_thaw_of(kind) for kind in inner]

    def thaw_tuple(data: Any) -> Any:
        if not isinstance(data, list) or len(data) != len(thaws):
            raise _not(data, f"list of {len(thaws)}")
        return tuple(_each(zip(range(len(data)), thaws, data, strict=True)).values())

    return thaw_tuple


def _mapping(inner: Any) -> Thaw:
    thaw_item = _thaw_of(inner)

    def thaw_mapping(data: Any) -> Any:
        if not isinstance(data, dict):
            raise _not(data, "mapping")
        return _each((key, thaw_item, value) for key, value in data.items())

    return thaw_mapping


def _either(inner: tuple[Any, ...]) -> Thaw:
    """Thaw an optional value. Of several classes the first that fits is taken."""
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
