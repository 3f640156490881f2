"""Parses the text of a git diff into changed files."""

from __future__ import annotations

import re

from ..core.errors import OutsideError
from ..model.change import ChangedFile

_SECTION = re.compile(r"^diff --git ", re.MULTILINE)
_OLD, _NEW = re.compile(r"^rename from (.+)$", re.MULTILINE), re.compile(r"^rename to (.+)$", re.MULTILINE)
_BINARY = re.compile(r"^(Binary files .* differ|GIT binary patch)$", re.MULTILINE)


def changed_files(diff_text: str) -> tuple[ChangedFile, ...]:
    """Return the files of a `git diff` as `adapters.git` makes it, sorted by path.

    Errors: OutsideError where the text is cut off or not such a diff, because half a change would be half checked.
    """
    sections = _SECTION.split(diff_text)
    if sections[0].strip():
        raise _unreadable("it does not start with `diff --git`")
    files: dict[str, ChangedFile] = {}
    for file in map(_file, sections[1:]):
        files[file.path] = _retyped(files[file.path], file) if file.path in files else file
    return tuple(files[path] for path in sorted(files))


def _file(section: str) -> ChangedFile:
    """Read one section. Its first line holds both names, which are the same unless `rename` lines follow."""
    head, at, hunks = section.partition("\n--- ")
    names, _, facts = head.partition("\n")
    old, new = _OLD.search(facts), _NEW.search(facts)
    path = _unquoted(new[1]) if new else _same_name(names)
    added, removed = _lines(at.lstrip("\n") + hunks) if at else ((), ())
    status = "R" if new else _status(facts)
    return ChangedFile(
        path, status, _unquoted(old[1]) if old else None, added, removed, binary=bool(_BINARY.search(facts))
    )


def _status(facts: str) -> str:
    if facts.startswith("new file mode "):
        return "A"
    return "D" if facts.startswith("deleted file mode ") else "M"


def _retyped(gone: ChangedFile, come: ChangedFile) -> ChangedFile:
    """Join the deletion and the creation that git prints where a file became a symlink, or the reverse."""
    return ChangedFile(come.path, "T", None, come.added, gone.removed, binary=gone.binary or come.binary)


def _lines(patch: str) -> tuple[tuple[tuple[int, str], ...], tuple[tuple[int, str], ...]]:
    """Return (added, removed) lines with their numbers at the head and at the base."""
    from unidiff.errors import UnidiffParseError
    from unidiff.patch import PatchSet

    try:
        lines = [line for file in PatchSet(patch) for hunk in file for line in hunk]
    except UnidiffParseError as error:
        raise _unreadable(str(error).partition("\n")[0][:120]) from None
    return (
        tuple((line.target_line_no or 0, line.value.rstrip("\n")) for line in lines if line.is_added),
        tuple((line.source_line_no or 0, line.value.rstrip("\n")) for line in lines if line.is_removed),
    )


def _same_name(names: str) -> str:
    """Return P of `a/P b/P`, where P may hold ` b/` itself: both halves are equally long."""
    half = (len(names) - 1) // 2
    first, second = _unquoted(names[:half]), _unquoted(names[half + 1 :])
    if names[half : half + 1] != " " or (first[:2], second[:2]) != ("a/", "b/") or first[2:] != second[2:]:
        raise _unreadable(f"two names are expected in `{names[:80]}`")
    return first[2:]


def _unquoted(name: str) -> str:
    """Undo git's C-style quoting. Bytes that are not UTF-8 stay visible as escapes."""
    if not (len(name) > 1 and name.startswith('"') and name.endswith('"')):
        return name
    raw = name[1:-1].encode("utf-8", "replace").decode("unicode_escape").encode("latin-1")
    return raw.decode("utf-8", "backslashreplace")


def _unreadable(why: str) -> OutsideError:
    return OutsideError(f"The change cannot be read from git's diff: {why}.", "Run the same command again.")
