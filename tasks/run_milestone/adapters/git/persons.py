"""Tell by which names git knows the operator, and those who made a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...policy.teams import known_as

if TYPE_CHECKING:
    from .cmd import GitCmd
    from .operator_config import OperatorConfig


class Persons:
    """Who is who, as commits and the configuration say."""

    _git: GitCmd
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

    def makers(self, base: str, head: str) -> tuple[str, ...]:
        """Return the names of who wrote and who committed `base..head`: for an agent's work that is its operator."""
        form = "--format=%an%x00%ae%n%cn%x00%ce"
        rows = self._git.rows("log", "--no-merges", form, f"{base}..{head}") if base != head else []
        people = (row.partition("\0")[::2] for row in dict.fromkeys(rows))
        return tuple(dict.fromkeys(name for person in people for name in known_as(*person)))
