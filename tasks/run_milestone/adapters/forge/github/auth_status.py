"""standing: what gh is here, who it is logged in as, and what that login may do in the repository."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from .responses import Answer, Person

if TYPE_CHECKING:
    from .gh import Gh

OLDEST = (2, 48)
"""`gh api --slurp` came with it."""
ENOUGH = frozenset({"repo", "public_repo"})
"""Scopes of which a classic token needs one; a fine-grained one tells none."""


@dataclass(frozen=True, slots=True)
class Standing:
    """`scopes` is None where the token does not tell them; `pushes` whether the login may push."""

    version: str
    repository: str
    login: str
    scopes: tuple[str, ...] | None
    pushes: bool

    @property
    def enough(self) -> bool:
        """Whether a run can do its work with this login."""
        return self.pushes and (self.scopes is None or not ENOUGH.isdisjoint(self.scopes))

    @property
    def modern(self) -> bool:
        """Whether this gh has all that is asked of it."""
        return tuple(int(part) for part in re.findall(r"\d+", self.version)[:2]) >= OLDEST


class _Rights(Answer):
    push: bool


class _Repository(Answer):
    full_name: str
    permissions: _Rights


def standing(gh: Gh) -> Standing:
    """Ask gh and GitHub. Errors: UsageError where there is no gh or no login, OutsideError for what GitHub refuses."""
    version = re.search(r"\d+\.\d+\.\d+", gh.do("--version"))
    head, _, body = gh.do("api", "--include", "user").replace("\r\n", "\n").partition("\n\n")
    person = TypeAdapter(Person).validate_json(body)
    told = re.search(r"(?im)^x-oauth-scopes:[ ]*(.*)$", head)
    repository = gh.ask(TypeAdapter(_Repository), "api", f"repos/{gh.address.slug}")
    scopes = None if told is None else tuple(scope for scope in re.split(r"[\s,]+", told[1]) if scope)
    number = version[0] if version else "of an unknown version"
    return Standing(number, repository.full_name, person.login, scopes, repository.permissions.push)
