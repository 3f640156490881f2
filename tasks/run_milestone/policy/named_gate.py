"""Tell the gate that an answer names from the reason behind it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..model import Verb

if TYPE_CHECKING:
    from collections.abc import Collection

_NAME = re.compile(r"[`#]*([\w-]+)[`,;:.]*")
_AGAIN = frozenset({Verb.FIX, Verb.RETRY, Verb.RESTART})


def named(why: str, verb: str, gates: Collection[str], asked: Collection[str]) -> tuple[str, str]:
    """Return the gate that stands before a reason, empty where none does, and the reason.

    `gates` are all that there can be, `asked` those of which one is meant. People write `03`, `3`, `#3` or `03:`.
    A bare number with words behind it may count something (`/fix 3 tests fail`).
    """
    first, _, rest = why.partition(" ")
    match = _NAME.fullmatch(first)
    name = match[1] if match else ""
    name = f"{name:0>2}" if name.isdigit() else name
    if name not in gates or not (name in asked or name.isdigit() or name.startswith("phase-")):
        return "", why
    is_count = first.isdigit() and not first.startswith("0") and bool(rest) and first not in asked
    if is_count and (verb in _AGAIN or (len(asked) == 1 and name not in asked)):
        return "", why
    return name, rest
