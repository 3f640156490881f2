"""Check that every branch name is safe and that all branches can exist side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..core.serialize import quoted
from .diagnostics import Problem
from .source import Entry, Written

RESERVED = frozenset({"head", "fetch_head", "orig_head", "merge_head", "refs", "heads", "remotes", "tags", "origin"})
"""First parts of a name that mean something to git or a remote."""


def branches(written: Written) -> Iterator[Problem]:
    """Check that milestone and target branch have good names and can exist side by side."""
    for key, name in (("target", written.target), ("branch", written.branch)):
        if why := bad_branch(name):
            yield written.problem((key,), f"is {quoted(name)}, {why}")
        elif key == "branch" and _clash(name, written.target):
            yield written.problem((key,), f"is {quoted(name)}, expected it apart from {written.target}")


def issue_branches(written: Written) -> Iterator[Problem]:
    """Check that the branch of every issue has a good name of its own and can exist beside the others."""
    taken: dict[str, str] = {}
    for entry in written.issues:
        name = entry.branch(written.id)
        first = taken.setdefault(name, entry.name)
        apart = [other for other in (written.target, written.branch) if _clash(name, other)]
        if why := bad_branch(name):
            yield _makes(written, entry, name, why)
        elif apart:
            yield _makes(written, entry, name, f"expected it apart from {apart[0]}")
        elif first != entry.name:
            yield _makes(written, entry, name, f"which {first} has already, expected a slug of its own")


def _makes(written: Written, entry: Entry, name: str, why: str) -> Problem:
    # A slug that fits the schema is safe, so the type is at fault where there is one.
    key = next((key for key in ("type", "slug") if key in entry.fields), "title")
    return written.problem((*entry.steps, key), f"makes the branch {quoted(name)}, {why}")


def bad_branch(name: str) -> str | None:
    """Return why a branch may not have this name, None where it may.

    `git check-ref-format` accepts names that a file system, a shell or a remote misreads, so this is an allow-list.
    """
    first, *_ = parts = name.casefold().split("/")
    if first in RESERVED:
        return f"expected a name that does not begin with {first}, which git keeps for itself"
    if not re.fullmatch(r"[a-z0-9][a-z0-9._/-]*", name) or len(name) > 200:
        return "expected lower-case letters, digits, dots, dashes and slashes, 200 at most"
    if ".." in name or any(not part or part[0] in ".-" or part.endswith((".", ".lock")) for part in parts):
        return "expected parts that are not empty, do not begin with . or -, and do not end with . or .lock"
    return None


def _clash(name: str, other: str) -> bool:
    """Return whether two branches cannot both exist, or are the same: git keeps `a/b` as a file in the folder `a`."""
    one, two = name.casefold(), other.casefold()
    return one == two or one.startswith(f"{two}/") or two.startswith(f"{one}/")
