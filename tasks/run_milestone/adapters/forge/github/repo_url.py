"""Tell which repository on which GitHub a remote's URL names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ....core.errors import UsageError

HOME = "github.com"
_NAME = r"[A-Za-z0-9_.-]{1,100}"
_OWNER_NAME = rf"(?P<owner>{_NAME})/(?P<name>{_NAME}?)(?:\.git)?/?"
_URLS = (
    rf"(?:[^@/\s]+@)?(?P<host>[^:/\s]+\.[^:/\s]+):/?{_OWNER_NAME}",  # git@github.com:acme/widgets.git
    rf"(?:https?|ssh|git)://(?:[^@/\s]+@)?(?P<host>[^:/\s]+)(?::\d+)?/{_OWNER_NAME}",
)


@dataclass(frozen=True, slots=True)
class Address:
    """A repository: `host` is github.com or a GitHub Enterprise Server."""

    host: str
    owner: str
    name: str

    @property
    def slug(self) -> str:
        """The repository without its host, as REST paths have it."""
        return f"{self.owner}/{self.name}"

    @property
    def full(self) -> str:
        """The repository with its host, as gh's `-R` takes it."""
        return self.slug if self.host == HOME else f"{self.host}/{self.slug}"


def address_of(urls: tuple[str, ...], named: str | None) -> Address:
    """Return the repository that the plan names (`owner/name`, `host/owner/name`), else that of the remote's URLs.

    The remote may be written in several ways, some of them through a mirror: one on github.com is preferred.

    Errors: UsageError where none says it.
    """
    texts, patterns = ((named,), (rf"(?:(?P<host>[^:/\s]+)/)?{_OWNER_NAME}",)) if named else (urls, _URLS)
    matches = [match for text in texts for pattern in patterns if (match := re.fullmatch(pattern, text))]
    addresses = [Address(_host(match["host"]), match["owner"], match["name"]) for match in matches]
    for address in sorted(addresses, key=lambda address: address.host != HOME):
        return address
    raise UsageError(
        f"The remote {urls[0]} does not say which GitHub repository it is.",
        "Name it in the plan: `repository: {github: owner/name}` (`host/owner/name` for an Enterprise Server).",
    )


def _host(written: str | None) -> str:
    host = (written or HOME).lower()
    return HOME if host == f"ssh.{HOME}" else host
