"""digest: one way to name a value by its content."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, is_dataclass
from typing import Any


def plain(value: Any) -> Any:
    """Turn frozen values into what JSON can hold; field order is the class's, so printing is stable."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def digest(value: Any) -> str:
    """SHA-256 (64 hex digits) of the canonical JSON of a value made of plain and frozen parts."""
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


Steps = tuple[str | int, ...]
"""The way from a document's top to a value: keys and list positions."""


def where(steps: Steps, top: str = "plan") -> str:
    """Return the way to a value as people write it, `phases[0].issues[2].slug`; `top` for the document itself."""
    return "".join(_step(step) for step in steps).removeprefix(".") or top


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", step) else f"[{quoted(step)}]"


def quoted(value: str) -> str:
    """Return a text from outside as it may stand in a message: bounded, and unable to act on a terminal."""
    return repr(value if len(value) <= 60 else f"{value[:57]}...")
