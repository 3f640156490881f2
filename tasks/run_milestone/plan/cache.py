"""Cache a compiled plan for as long as its files have the same bytes."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..core.errors import DamagedStateError, OutsideError
from ..core.fs import read_json, write_text
from ..core.serialize import plain, thaw
from ..core.version import __version__
from ..model import Milestone
from . import specs

FORMAT = f"1 {__version__}"
"""Other versions may read the same text differently."""


def recall(cache: Path, folder: Path, data: bytes) -> Milestone | None:
    """Return the milestone that `keep` cached for exactly these files, None where there is none."""
    try:
        kept = read_json(cache)
        if kept is None or kept["key"] != _key(folder, data, kept["specs"]):
            return None
        return thaw(Milestone, kept["milestone"])
    except (DamagedStateError, ValueError, TypeError, KeyError):
        return None


def sound(cache: Path) -> frozenset[str]:
    """Return the digests of the issues of the plan that was cached, none where there is no such cache."""
    try:
        kept = read_json(cache)
        return frozenset(thaw(tuple[str, ...], kept["issues"])) if kept and kept["format"] == FORMAT else frozenset()
    except (DamagedStateError, ValueError, TypeError, KeyError):
        return frozenset()


def keep(cache: Path, folder: Path, data: bytes, milestone: Milestone, issues: Iterable[str]) -> None:
    """Cache a compiled plan with a digest of all that it was made from; a read-only project goes without.

    `issues` are the digests of its issues as they are written.
    """
    paths = [issue.spec.path for issue in milestone.issues if issue.spec]
    with contextlib.suppress(OutsideError):
        record: dict[str, Any] = {
            "format": FORMAT,
            "key": _key(folder, data, paths),
            "specs": paths,
            "issues": sorted(issues),
        }
        record["milestone"] = plain(milestone)
        write_text(cache, json.dumps(record, ensure_ascii=False), lasting=False)  # nobody reads it, so it is compact


def _key(folder: Path, data: bytes, paths: Iterable[str]) -> str:
    """Return the digest of the plan, of its specs, and of the names of all specs."""
    whole = hashlib.sha256(FORMAT.encode())
    for part in (data, str(specs.listed(folder)).encode(), *_spec_parts(folder, paths)):
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()


def _spec_parts(folder: Path, paths: Iterable[str]) -> Iterable[bytes]:
    for path in paths:
        yield path.encode()
        yield specs.spec_bytes(folder, path) or b""
