"""Read the configuration of the operator's own git, and hand what reaches a remote to the runner's git as values."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.errors import OutsideError, UsageError
from .reasons import not_started, reason

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ..process import Processes

_HANDED = re.compile(
    r"core\.(?:sshcommand|askpass|gitproxy)|ssh\.variant|(?:credential|http|gpg)\..+|protocol\.(?!ext\.).+"
    r"|push\.(?:pushoption|gpgsign)|user\.(?:name|email|signingkey)"
)
"""What the runner's git obeys: how a remote is reached, and how a commit is signed.

No hook, filter, alias or diff driver. URLs are rewritten before git sees them (`remote_urls`), so `url.*` is not here:
git would rewrite the literal URL once more.
"""
_ENVIRONMENT = re.compile(
    r"HOME|DISPLAY|WAYLAND_DISPLAY|DBUS_SESSION_BUS_ADDRESS|KRB5CCNAME|GNUPGHOME|GPG_.*|SSH_.*|XDG_.*"
    r"|(?:https?|all|no)_proxy|HTTPS?_PROXY|ALL_PROXY|NO_PROXY|SSL_CERT_.*|CURL_CA_BUNDLE"
    r"|GIT_(?:SSH|SSH_.*|ASKPASS|PROXY_.*|SSL_.*|HTTP_.*)"
)
"""Variables that git, ssh, gpg and credential helpers use to reach a remote or a key."""
_CONFIGURATION = re.compile(r"GIT_CONFIG_.*")
"""Variables that name configuration. They count where the operator's own git is asked, and nowhere else."""


@dataclass(frozen=True, slots=True)
class OperatorConfig:
    """Every entry of the operator's configuration, in the order in which git reads them. Later ones win."""

    entries: tuple[tuple[str, str], ...] = ()

    def values(self, key: str) -> tuple[str, ...]:
        """Return all values of a key. Section and name are in lower case."""
        return tuple(value for name, value in self.entries if name == key)

    def value(self, key: str) -> str | None:
        """Return the value of a key that counts, None where it is not set."""
        return next(iter(reversed(self.values(key))), None)

    def is_on(self, key: str) -> bool:
        """Return whether a switch is on."""
        return (self.value(key) or "").lower() in {"true", "yes", "on", "1"}

    @property
    def remotes(self) -> tuple[str, ...]:
        """The names of the configured remotes."""
        names = (re.fullmatch(r"remote\.(.+)\.(?:push)?url", name) for name, _ in self.entries)
        return tuple(dict.fromkeys(match[1] for match in names if match))

    @property
    def promisors(self) -> tuple[str, ...]:
        """The remotes that hold what a partial clone left out."""
        named = self.values("extensions.partialclone")
        return tuple(name for name in self.remotes if name in named or self.is_on(f"remote.{name}.promisor"))

    @property
    def identity(self) -> tuple[str, str]:
        """Name and email that commits get."""
        return self.value("user.name") or "run-milestone", self.value("user.email") or "run-milestone@localhost"

    def reaching(self, remote: str | None) -> OperatorConfig:
        """Return the configuration with the proxy of a remote for every URL: git is given the URL, not the name."""
        keys = {f"remote.{remote}.proxy": "http.proxy", f"remote.{remote}.proxyauthmethod": "http.proxyauthmethod"}
        return OperatorConfig((*self.entries, *((keys[name], value) for name, value in self.entries if name in keys)))

    def handed(self) -> list[tuple[str, str]]:
        """Return the entries that the runner's git obeys."""
        return [(name, value) for name, value in self.entries if _HANDED.fullmatch(name)] + _job(self)


def read_config(processes: Processes, git_dir: Path) -> OperatorConfig:
    """Ask git what is configured in a repository: for the machine, the person, the repository and the worktree.

    Errors: UsageError where git cannot read it, OutsideError where it gives no proper answer.
    """
    argv = ("git", "--git-dir", str(git_dir), "config", "--list", "--show-scope", "--includes", "-z")
    result = processes.trusted(argv, cwd=git_dir, env={**operator_environment(), **_own_configuration()}, timeout=60)
    if result.code is None:
        raise not_started(result.err)
    if result.code != 0:
        raise UsageError(
            f"git cannot read its configuration here: {reason(result.err)}.", "Fix that file and run again."
        )
    rows = result.out.split("\0")
    config = OperatorConfig(tuple(_entry(row) for row in rows[1::2]))
    if result.truncated or config.value("core.repositoryformatversion") is None:
        raise OutsideError(f"git did not list its configuration of {git_dir}.", "Run the same command again.")
    return config


def _entry(row: str) -> tuple[str, str]:
    """Return key and value. A key alone means true."""
    name, sign, value = row.partition("\n")
    return name, value if sign else "true"


def operator_environment() -> dict[str, str]:
    """Return the variables through which git finds the operator's keys, proxies and programs that ask."""
    return {name: value for name, value in os.environ.items() if _ENVIRONMENT.fullmatch(name)}


def own_git() -> dict[str, str]:
    """Return the environment in which git works as the operator's own git does, with all of their configuration."""
    return {"GIT_CONFIG_NOSYSTEM": "0", **operator_environment(), **_own_configuration()}


def _own_configuration() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if _CONFIGURATION.fullmatch(name)}


def as_variables(values: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the variables that hand configuration to git as values."""
    listed = list(values)
    numbered = {f"GIT_CONFIG_{what}_{n}": text for n, pair in enumerate(listed) for what, text in _pair(*pair)}
    return {"GIT_CONFIG_COUNT": str(len(listed)), **numbered} if listed else {}


def _pair(key: str, value: str) -> tuple[tuple[str, str], ...]:
    return ("KEY", key), ("VALUE", value)


def _job(config: OperatorConfig) -> list[tuple[str, str]]:
    """Return the token of a GitHub Actions job as a header for its server, unless the checkout kept its own."""
    token, server = os.environ.get("GH_TOKEN"), os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    key = f"http.{server}/.extraheader"
    if not token or os.environ.get("GITHUB_ACTIONS") != "true" or config.value(key) is not None:
        return []
    import base64

    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    return [(key, f"Authorization: Basic {basic}")]
