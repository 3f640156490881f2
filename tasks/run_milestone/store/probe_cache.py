"""Remembers in the user's own cache, which no command in a box reaches, what held since the machine was started."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ..core.errors import DamagedStateError
from ..core.fs import read_json, write_json


def read(box: list[str]) -> str | None:
    """Return the digest of what held in a box, None where that is not known."""
    try:
        known = read_json(_place())
    except DamagedStateError:
        return None
    return str(known.get("digest")) if isinstance(known, dict) and known.get("box") == [*box, _boot()] else None


def write(box: list[str], digest: str) -> None:
    """Remember what held in a box until the machine is started again. Where that fails, the next run probes again."""
    with contextlib.suppress(OSError):
        write_json(_place(), {"box": [*box, _boot()], "digest": digest}, lasting=False)


def _place() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "run-milestone", "sandbox.json")


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
