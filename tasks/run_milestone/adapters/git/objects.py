"""objects: what the commits of the repository hold, and what changes between them."""

from __future__ import annotations

import hashlib
import re
import tempfile
from dataclasses import dataclass

from .cat_file import Files, Names
from .cmd import OBJECT_ID, Calls, lying, object_id

DIFF_OPTIONS = (
    *("--no-ext-diff", "--no-textconv", "--no-color", "--no-relative", "--inter-hunk-context=0"),
    *("--ignore-submodules=none", "--submodule=short", "--src-prefix=a/", "--dst-prefix=b/"),
)
"""Options that no configuration overrides. Submodules count: another commit of one is other code."""
RENAMES = ("--find-renames",)
"""A reviewer sees a moved file as one file with the lines that were edited, as forges show it.

The identity of a change is made without: it must not depend on how similar git finds two files.
"""
DIFF_CONFIG = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.bigFileThreshold", "GIT_CONFIG_VALUE_0": "4m"}
"""No file over this size is compared by line, so that no change takes minutes and gigabytes to read."""

_WHERE = re.compile(rb"^(?:index .*\n(?!Binary files )|@@ .*\n)", re.MULTILINE)
"""The lines of a diff that a clean rebase changes: blob ids and line numbers. A binary file has only its ids."""

_COUNTED = re.compile(r"(\d+|-)\t(\d+|-)\t")
"""How a row of `--numstat` begins."""
_LOGGED = re.compile(rf"(?:{OBJECT_ID.pattern})\0[^\0]*\0[^\0]*\Z")


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit between base and head: its id, its subject, which attempt made it, and whether the runner did."""

    sha: str
    subject: str
    attempt: int | None
    ours: bool = True


class Objects:
    """Reads commits, trees and files, and compares them; moves nothing."""

    def __init__(self, calls: Calls) -> None:
        self._git = calls
        self._names = Names(calls, calls.dir)
        self._files = Files(calls, calls.dir)

    def has(self, sha: str) -> bool:
        """Return whether a commit is in the object store."""
        return self._names.resolve(f"{sha}^{{commit}}") is not None

    def tree_of(self, commit: str) -> str:
        """Return the tree that a commit holds."""
        return object_id(self._names.resolve(f"{commit}^{{tree}}") or "", "the tree of a commit")

    def is_ancestor(self, earlier: str, later: str) -> bool:
        """Return whether `earlier` is contained in `later`."""
        return earlier == later or self._git.answer("merge-base", "--is-ancestor", earlier, later) is not None

    def merge_base(self, one: str, other: str) -> str:
        """Return the best common ancestor of two commits."""
        return object_id(self._git.run("merge-base", one, other), "the common ancestor")

    def merge_bases(self, one: str, other: str) -> tuple[str, ...]:
        """Return all best common ancestors of two commits; after crossing merges there are several."""
        return tuple(object_id(row, "a common ancestor") for row in self._git.rows("merge-base", "--all", one, other))

    def commits(self, base: str, head: str, *marks: str) -> tuple[Commit, ...]:
        """Return what `base..head` holds, oldest first; `marks` are the trailer's values before the attempt."""
        if base == head:
            return ()
        form = "--format=%H%x00%s%x00%(trailers:key=Run-Milestone,valueonly,unfold,separator=%x20)"
        rows = self._git.rows("log", "--reverse", "--topo-order", form, f"{base}..{head}")
        if not all(_LOGGED.match(row) for row in rows):
            raise lying(f"told the commits up to {head[:10]}")
        return tuple(_commit(row, marks) for row in rows)

    def diff(self, base: str, head: str, *options: str) -> str:
        """Return the diff of what `head` changes since it left `base`."""
        return self._diff(base, head, *RENAMES, *options).decode("utf-8", "replace")

    def _diff(self, base: str, head: str, *options: str, path: str | None = None) -> bytes:
        """Return a diff, of one path or of all, however large it is: what is cut off, nobody looks at."""
        only, literally = (path,) if path else (), {"GIT_LITERAL_PATHSPECS": "1", **DIFF_CONFIG}
        with tempfile.NamedTemporaryFile(dir=self._git.dir, prefix="diff-") as file:
            words = ("diff", *DIFF_OPTIONS, *options, f"--output={file.name}", f"{base}...{head}", "--", *only)
            self._git.run(*words, env=literally)
            told = file.read()
        if not told and path is None and self.tree_of(self.merge_base(base, head)) != self.tree_of(head):
            raise lying(f"compared {base[:10]} and {head[:10]}")
        return told

    def measure(self, before: str, after: str) -> tuple[int, int]:
        """Return how many files differ between two commits, and how many lines (added plus deleted)."""
        rows = self._git.rows("diff", *DIFF_OPTIONS, *RENAMES, "--numstat", before, after, "--", env=DIFF_CONFIG)
        counts = [found.groups() for found in map(_COUNTED.match, rows) if found]
        if len(counts) != len(rows) or (not rows and self.tree_of(before) != self.tree_of(after)):
            raise lying(f"compared {before[:10]} and {after[:10]}")
        return len(rows), sum(int(count) for pair in counts for count in pair if count.isdigit())

    def patch_id(self, base: str, head: str, path: str | None = None) -> str:
        """Return the identity of a change, or of one file's, which a clean rebase keeps; empty for an empty change.

        Not `git patch-id`: it overlooks white space, which is code in Python, and all that follows a NUL.
        """
        diff = self._diff(base, head, "--no-renames", "--full-index", path=path)
        return hashlib.sha256(_WHERE.sub(b"@@\n", diff)).hexdigest() if diff else ""

    def read(self, commit: str, path: str) -> bytes | None:
        """Return a committed file's bytes, None where the commit has no such file."""
        if not {"", ".", ".."}.isdisjoint(path.split("/")):
            return None
        name = f"{commit}:{path}" if "\n" not in path else self._blob(commit, path)
        return self._files.read(name) if name else None

    def size(self, commit: str, path: str) -> int:
        """Return a committed file's size in bytes, 0 where the commit has no such file."""
        name = f"{commit}:{path}" if "\n" not in path else self._blob(commit, path)
        return self._names.size(name) if name else 0

    def _blob(self, commit: str, path: str) -> str | None:
        """Return the id of a file whose path has more than one line."""
        told = self._git.run("ls-tree", "-z", "--object-only", commit, "--", path)
        return object_id(told.rstrip("\0"), "a file") if told else None

    def close(self) -> None:
        """End the processes that read."""
        self._names.close()
        self._files.close()

    def listing(self, commit: str, folder: str) -> tuple[str, ...]:
        """Return the paths of a commit's files below `folder`."""
        told = self._git.run("ls-tree", "-r", "-z", "--name-only", commit, "--", f"{folder.rstrip('/')}/")
        return tuple(name for name in told.split("\0") if name)


def _commit(line: str, marks: tuple[str, ...]) -> Commit:
    sha, subject, trailers = line.split("\0")
    mark = "|".join(map(re.escape, marks))
    found = re.search(rf"(?:^|\s)(?:{mark}) attempt-(\d+)", trailers)
    ours = re.search(rf"(?:^|\s)(?:{mark}) (?:attempt|lint|restack)-\d+", trailers) is not None
    return Commit(sha, subject, int(found.group(1)) if found else None, ours)
