"""Tell which gh is installed, who it is logged in as, and what that login may do in the repository."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from .responses import Answer, Person

if TYPE_CHECKING:
    from .gh import Gh

OLDEST = (2, 48)
"""The version that brought `gh api --slurp`."""
ENOUGH = frozenset({"repo", "public_repo"})
"""A classic token needs one of these scopes. A fine-grained one has no list of scopes."""


@dataclass(frozen=True, slots=True)
class AuthStatus:
    """gh's version and login. `scopes` is None where the token has no list of them."""

    version: str
    repository: str
    login: str
    scopes: tuple[str, ...] | None
    pushes: bool

    @property
    def enough(self) -> bool:
        """Whether this login suffices for a run."""
        return self.pushes and (self.scopes is None or not ENOUGH.isdisjoint(self.scopes))

    @property
    def modern(self) -> bool:
        """Whether this gh is new enough."""
        return tuple(int(part) for part in re.findall(r"\d+", self.version)[:2]) >= OLDEST


class _Rights(Answer):
    push: bool


class _Repository(Answer):
    full_name: str
    permissions: _Rights


def auth_status(gh: Gh) -> AuthStatus:
    """Ask gh and GitHub. Errors: UsageError where there is no gh or no login, OutsideError for what GitHub refuses."""
    version = re.search(r"\d+\.\d+\.\d+", gh.do("--version"))
    head, _, body = gh.do("api", "--include", "user").replace("\r\n", "\n").partition("\n\n")
    person = TypeAdapter(Person).validate_json(body)
    header = re.search(r"(?im)^x-oauth-scopes:[ ]*(.*)$", head)
    repository = gh.ask(TypeAdapter(_Repository), "api", f"repos/{gh.address.slug}")
    scopes = None if header is None else tuple(scope for scope in re.split(r"[\s,]+", header[1]) if scope)
    number = version[0] if version else "of an unknown version"
    return AuthStatus(number, repository.full_name, person.login, scopes, repository.permissions.push)
