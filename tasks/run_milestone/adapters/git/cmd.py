"""Run git in a git directory of the runner's own, with the objects of the user's repository."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

from ...core.errors import OutsideError
from ...core.fs import write_text
from .operator_config import OperatorConfig, as_variables, operator_environment, own_git
from .reasons import not_started, reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ..process import Coprocess, Processes, Result

OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
NOTHING = "0" * 40
"""The object id that means "must not exist" to git."""

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


class GitCmd:
    """Runs git. `common` is the repository's common git directory, `dir` the runner's own, which lies in it.

    Hold `lock` for what only one thread may do at a time.
    """

    def __init__(
        self, processes: Processes, common: Path, name: str, *, make: bool, config: OperatorConfig | None = None
    ) -> None:
        self._processes = processes
        self._config = config or OperatorConfig()
        self._promised = list[tuple[str, str]]()
        self.filters: tuple[tuple[str, str], ...] = ()
        """Configuration of the filters that run on the files of a tree."""
        self.lock = threading.Lock()
        self.common = common
        self.dir = common / "run-milestone" / name
        if make and not (self.dir / "HEAD").exists():
            self._make_own()

    def _make_own(self) -> None:
        """Make the runner's own git directory. HEAD is written last and atomically: it shows that the rest exists."""
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
        config: tuple[tuple[str, str], ...] = (),
        at: Path | None = None,
    ) -> Result:
        """Run git on the runner's own git directory, or on `directory`. `index` names one of the runner's indexes.

        `config` is configuration for this call. With `at`, a folder, git starts there and obeys the operator's
        configuration for reaching a remote and for signing.
        """
        argv = (*_git(directory or self.dir), *(("--work-tree", str(tree)) if tree else ()), *words)
        index_file = {"GIT_INDEX_FILE": str(self.dir / f"index-{index}")} if index else {}
        environment = {**self._environment(*config, operator=at is not None), **index_file, **(env or {})}
        return self._processes.trusted(argv, cwd=at or tree or directory or self.dir, env=environment, stdin=stdin)

    def as_operator(self, *words: str, at: Path, stdin: str = "") -> Result:
        """Run git in the operator's checkout as they would themselves: with all of their configuration."""
        environment = {**own_git(), "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        return self._processes.trusted(("git", *words), cwd=at, env=environment, stdin=stdin)

    def fetch_missing_from(self, remotes: Mapping[str, str]) -> None:
        """Let every call fetch what a partial clone left out, from remotes given as URLs by their names."""
        for name, url in remotes.items():
            kept = (("url", url), ("promisor", "true"), ("partialclonefilter", "blob:none"))
            self._promised += [(f"remote.{name}.{key}", value) for key, value in kept]

    @property
    def is_shallow(self) -> bool:
        """Whether the repository lacks the older part of its history."""
        return (self.common / "shallow").exists()

    def _environment(self, *config: tuple[str, str], operator: bool = False) -> dict[str, str]:
        outward = operator or bool(self._promised)
        values = [*self.filters, *self._promised, *(self._config.handed() if outward else ()), *config]
        return {
            **(operator_environment() if outward else {}),
            **as_variables(values),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OBJECT_DIRECTORY": str(self.common / "objects"),
            "GIT_OPTIONAL_LOCKS": "0",
            "LC_ALL": "C",
            **({"GIT_SHALLOW_FILE": str(self.common / "shallow")} if self.is_shallow else {}),
        }

    def coprocess(self, *words: str, directory: Path, body: re.Pattern[str] | None = None) -> Coprocess:
        """Return a git on `directory` that keeps running and answers line by line; `body` as Coprocess has it."""
        other = {} if directory in {self.common, self.dir} else {"GIT_OBJECT_DIRECTORY": str(directory / "objects")}
        argv, environment = (*_git(directory), *words), {**self._environment(), **other}
        return self._processes.coprocess(argv, cwd=self.common, env=environment, body=body)

    def run(self, *words: str, **how: object) -> str:
        """Return what git prints.

        Errors: OutsideError where it failed or printed too much, UsageError where it could not be started.
        """
        return checked(words, self.call(*words, **how)).out  # type: ignore[arg-type]

    def rows(self, *words: str, **how: object) -> list[str]:
        """Return the lines that git prints. Only a newline ends one: names and subjects may hold other line ends."""
        return [line for line in self.run(*words, **how).split("\n") if line]

    def answer(self, *words: str, **how: object) -> str | None:
        """Return what git prints, None for the answer no (exit code 1). Any other failure is an error."""
        result = self.call(*words, **how)  # type: ignore[arg-type]
        return None if result.code == 1 else checked(words, result).out


def object_id(text: str, what: str) -> str:
    """Return the object id that git gave for `what`.

    Errors: OutsideError where it is none. An empty answer must never count as a branch's commit.
    """
    name = text.strip()
    if not OBJECT_ID.fullmatch(name):
        raise OutsideError(f"git gave no object id for {what} ({name[:60]!r}).", "Run the same command again.")
    return name


def named(rows: Iterable[str], sign: str) -> dict[str, str]:
    """Return the object ids by name from rows in which `sign` separates the two.

    Errors: OutsideError where a row has no object id.
    """
    parts = (row.partition(sign) for row in rows)
    return {name: object_id(sha, name or "a name") for sha, _, name in parts}


def lying(what: str) -> OutsideError:
    """Return the error for a git that reports success although it did not do `what`."""
    return OutsideError(f"git said that it {what}, and it did not.", "Run the same command again.")


def checked(words: tuple[str, ...], result: Result) -> Result:
    """Return a result that succeeded and is complete."""
    if result.code is None:
        raise not_started(result.err)
    if result.code != 0 and not result.limit:
        why = reason(result.err) if result.err.strip() else result.out.strip() or f"exit code {result.code}"
        late = "it did not end in time. " if result.timed_out else ""
        what = f"`{_shown(words)}` failed: {late}{why.rstrip('.')}."
        raise OutsideError(what, "Fix that and run the same command again.")
    if result.truncated or result.limit:
        raise OutsideError(
            f"`git {words[0]}` printed too much.", "Remove what the repository does not need, and run again."
        )
    return result


_ASK_A_REMOTE = frozenset({"fetch", "ls-remote", "push"})


def _git(directory: Path) -> tuple[str, ...]:
    return "git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "--git-dir", str(directory)


def _shown(words: tuple[str, ...]) -> str:
    """Return a command as a person would type it: without options, and with the remote where it is no folder here."""
    remote, *refs = words[words.index("--") + 1 :] if words[0] in _ASK_A_REMOTE and "--" in words else ("/",)
    if remote.startswith("/"):
        return f"git {words[0]}"
    remote = re.sub(r"(?<=://)[^/@]*@", "", remote) if remote.startswith("http") else remote  # it may hold a token
    return " ".join(("git", words[0], remote, *(ref.rpartition("refs/heads/")[2] for ref in refs)))


def _heading(section: str) -> str:
    name, _, sub = section.partition(".")
    return f'[{name} "{sub}"]' if sub else f"[{name}]"
