"""calls: every git call, in a git directory of the runner's own and with that repository's objects."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

from ...core.errors import OutsideError, UsageError
from ...core.fs import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ..process import Processes, Result, Talk

OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
NOTHING = "0" * 40
"""The object id git takes for "there must be none"."""

_OWN_CONFIG = {
    "core.repositoryformatversion": "0",
    "core.bare": "false",
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.excludesFile": "/dev/null",
    "core.attributesFile": "/dev/null",
    "core.autocrlf": "false",
    "core.logAllRefUpdates": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
    "push.recurseSubmodules": "no",
    "protocol.ext.allow": "never",
    "advice.detachedHead": "false",
}


class Calls:
    """Runs git. `common` is the repository's common git directory, `dir` the runner's own, which lies in it.

    `turn` is held by whoever does what only one thread may do at a time.
    """

    def __init__(self, processes: Processes, common: Path, own: str, *, make: bool) -> None:
        self._processes = processes
        self.turn = threading.Lock()
        self.common = common
        self.dir = common / "run-milestone" / own
        if make and not (self.dir / "HEAD").exists():
            self._make_own()

    def _make_own(self) -> None:
        """Make the runner's own git directory; HEAD comes last, and whole: where one is, all is taken as made."""
        self.dir.mkdir(parents=True, exist_ok=True)
        for folder in ("objects", "refs/heads"):
            (self.dir / folder).mkdir(parents=True, exist_ok=True)
        sections: dict[str, list[str]] = {}
        for name, value in _OWN_CONFIG.items():
            section, _, key = name.rpartition(".")
            sections.setdefault(section, []).append(f"\t{key} = {value}")
        text = "".join(f"{_heading(section)}\n" + "\n".join(lines) + "\n" for section, lines in sections.items())
        write_text(self.dir / "config", text)
        write_text(self.dir / "HEAD", "ref: refs/heads/none\n")

    def call(
        self,
        *words: str,
        tree: Path | None = None,
        index: str | None = None,
        env: Mapping[str, str] | None = None,
        stdin: str | bytes | None = None,
        directory: Path | None = None,
    ) -> Result:
        """Run git on the runner's own git directory, or on `directory`; `index` names an index of the runner's."""
        argv = (*_git(directory or self.dir), *(("--work-tree", str(tree)) if tree else ()), *words)
        own = {"GIT_INDEX_FILE": str(self.dir / f"index-{index}")} if index else {}
        surroundings = {**self._surroundings(), **own, **(env or {})}
        place = tree or directory or self.dir
        return self._processes.trusted(argv, cwd=place, env=surroundings, stdin=stdin)

    def _surroundings(self) -> dict[str, str]:
        shallow = self.common / "shallow"
        return {
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OBJECT_DIRECTORY": str(self.common / "objects"),
            "GIT_OPTIONAL_LOCKS": "0",
            "LC_ALL": "C",
            **({"GIT_SHALLOW_FILE": str(shallow)} if shallow.exists() else {}),
        }

    def talk(self, *words: str, directory: Path) -> Talk:
        """Return a git on `directory` that stays and answers line by line."""
        own = {} if directory in {self.common, self.dir} else {"GIT_OBJECT_DIRECTORY": str(directory / "objects")}
        return self._processes.talk((*_git(directory), *words), cwd=self.common, env={**self._surroundings(), **own})

    def run(self, *words: str, **how: object) -> str:
        """Return what git prints.

        Errors: OutsideError where it failed or said more than can be kept, UsageError where it could not be started.
        """
        return checked(words, self.call(*words, **how)).out  # type: ignore[arg-type]

    def rows(self, *words: str, **how: object) -> list[str]:
        """Return the lines that git prints; only a newline ends one, names and subjects may hold what else does."""
        return [line for line in self.run(*words, **how).split("\n") if line]

    def answer(self, *words: str, **how: object) -> str | None:
        """Return what git answers, None for its no (exit code 1); any other failure is no answer."""
        result = self.call(*words, **how)  # type: ignore[arg-type]
        return None if result.code == 1 else checked(words, result).out


def object_id(text: str, what: str) -> str:
    """Return the object id that git gave for `what`.

    Errors: OutsideError where it is none: an empty answer must never name a branch's commit.
    """
    name = text.strip()
    if not OBJECT_ID.fullmatch(name):
        raise OutsideError(f"git gave no object id for {what} ({name[:60]!r}).", "Run the same command again.")
    return name


def named(rows: Iterable[str], sign: str) -> dict[str, str]:
    """Return the object ids that rows tell for names, by name; `sign` stands between the two.

    Errors: OutsideError where a row tells none.
    """
    parts = (row.partition(sign) for row in rows)
    return {name: object_id(sha, name or "a name") for sha, _, name in parts}


def lying(what: str) -> OutsideError:
    """Return the error for a git that says it did `what`, while that is not so."""
    return OutsideError(f"git said that it {what}, and it did not.", "Run the same command again.")


def checked(words: tuple[str, ...], result: Result) -> Result:
    """Return a result that is whole and good."""
    if result.code is None:
        raise UsageError(f"git could not be started: {result.err.strip()}.", "Install git and run again.")
    if result.code != 0:
        said = _reason(result.err.strip() or result.out.strip() or f"exit code {result.code}")
        raise OutsideError(f"`git {words[0]}` failed: {said.rstrip('.')}.", "Mend that and run the same command again.")
    if result.truncated:
        raise OutsideError(
            f"`git {words[0]}` said more than can be kept.", "Remove what the repository does not need, and run again."
        )
    return result


def _git(directory: Path) -> tuple[str, ...]:
    return "git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "--git-dir", str(directory)


def _reason(said: str) -> str:
    """Return the line of git's that tells why: what the remote calls an error, before git's own last word."""
    lines = said.splitlines()
    told = (line for line in lines if re.match(r"remote: *(?:error|fatal)", line))
    return next(told, lines[-1])


def _heading(section: str) -> str:
    name, _, sub = section.partition(".")
    return f'[{name} "{sub}"]' if sub else f"[{name}]"
