"""Tell by which names git knows the operator, and those who made a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...policy.teams import known_as
from .picked import Picked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .operator_config import OperatorConfig


_MADE_BY = "--format=%H%x00%P%x00%an%x00%ae%x00%cn%x00%ce"
_PARENTS = 2
"""Parents of a merge that git makes by itself."""


class Persons(Picked):
    """Who is who, as commits and the configuration say."""

    _config: OperatorConfig

    @property
    def operator(self) -> tuple[str, ...]:
        """The names of who runs this program: the login and the identity that their git has configured."""
        login = self._config.value("github.user") or ""
        return tuple(filter(None, (login, *known_as(*self._config.identity))))

    @property
    def signing_key(self) -> str:
        """The ssh key that the operator's git signs with; empty where it has none."""
        is_ssh = self._config.value("gpg.format") == "ssh"
        return (self._config.value("user.signingkey") or "") if is_ssh else ""

    def movers(self, branch: str) -> tuple[str, ...]:
        """Return the names under which a branch was moved on this machine, as by a commit, while git remembers it."""
        words = ("log", "--walk-reflogs", "--format=%gn%x00%ge", f"refs/heads/{branch}", "--")
        result = self._git.call(*words, directory=self._git.common)
        rows = result.out.splitlines() if result.code == 0 else []  # there is no such branch
        people = (row.partition("\0")[::2] for row in dict.fromkeys(rows))
        return tuple(dict.fromkeys(name for person in people for name in known_as(*person)))

    def makers(self, base: str, head: str, logins: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        """Return the names of who wrote and who committed `base..head`: for an agent's work that is its operator.

        `logins` are those that the forge knows of a commit's people, whatever address they used.
        A merge counts where it holds more than git merges by itself: a resolved conflict, or an edit beside it.
        """
        rows = self._git.rows("log", _MADE_BY, f"{base}..{head}") if base != head else []
        commits = (row.split("\0") for row in rows)
        counted = [row for row in commits if not self._is_clean_merge(row[0], *row[1].split())]
        people = dict.fromkeys(pair for row in counted for pair in ((row[2], row[3]), (row[4], row[5])))
        names = [*(name for person in people for name in known_as(*person))]
        return tuple(dict.fromkeys((*names, *(login for row in counted for login in logins.get(row[0], ())))))

    def _is_clean_merge(self, commit: str, *parents: str) -> bool:
        if len(parents) != _PARENTS:
            return False
        merged = self.merged(*parents)
        return not merged.conflicts and merged.tree == self.tree_of(commit)
