"""Holds what a manifest says: packages, where they come from, and what of it was not understood."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

PYPI, NPM, GO, CARGO, GEM, MAVEN, COMPOSER, CONDA = (
    *("pypi", "npm", "golang", "cargo", "gem", "maven", "composer", "conda"),
)
"""Ecosystems, by the type that a package URL gives them."""


_ARCHIVES = (".whl", ".zip", ".gz", ".tgz", ".bz2", ".xz", ".gem", ".jar", ".phar", ".crate")
"""What a built package ends in: nobody reviews what it holds."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """A package that is asked for: `asked` is the version range as written, `pinned` the one version it allows."""

    ecosystem: str
    name: str
    asked: str = ""
    pinned: str | None = None
    source: str | None = None
    """Where it comes from instead of the ecosystem's index: a URL, a repository, a folder outside of this one."""

    @property
    def shown(self) -> str:
        """The version as people say it: `0.25.0`, `>=0.25`, `any version`."""
        return self.source or self.pinned or self.asked or "any version"


@dataclass(slots=True)
class Manifest:
    """What one file asks for. `origins` decide where packages come from and what runs when they are installed."""

    packages: list[Dependency] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)
    includes: list[str] = field(default_factory=list)
    """Paths of other lists of packages, as the file writes them."""
    unread: list[str] = field(default_factory=list)
    """Phrases of the file that were not understood."""

    def add(self, ecosystem: str, name: str, asked: Any = "", *, exact: str | None = None, source: Any = None) -> None:
        """Add a package."""
        version = "" if asked in {"*", "latest", None} else str(asked).strip()
        self.packages.append(Dependency(ecosystem, name, version, exact, str(source) if source else None))


def table(document: Any, *keys: str) -> dict[str, Any]:
    """Return the mapping at a path of keys, empty where there is none."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def items(value: Any) -> list[Any]:
    """Return a list as it is, nothing as an empty one, and anything else as a list of one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def exact(asked: str, sign: str = "={0,3}") -> str | None:
    """Return the only version that a range allows: `==0.25.0`, and where it means so the bare `0.25.0`."""
    match = re.fullmatch(rf"{sign}\s*v?(\d[\w.+-]*)", asked.strip())
    return match[1] if match else None


def outside(folder: str, path: str) -> str | None:
    """Return a path as a source where it leads out of the repository or to an archive, None where it is own code."""
    place = posixpath.normpath(posixpath.join(folder, path.removeprefix("file:").removeprefix("link:")))
    is_foreign = place.startswith(("..", "/")) or place.endswith(_ARCHIVES) or "://" in path
    return f"path {path}" if is_foreign else None


def by_name(packages: Iterable[Dependency]) -> dict[tuple[str, str], Dependency]:
    """Index packages by ecosystem and name. Of several ranges for one, the strictest pin wins, and a source of any."""
    index: dict[tuple[str, str], Dependency] = {}
    for one in sorted(packages, key=lambda one: (one.source is not None, one.pinned is not None, one.asked)):
        index[one.ecosystem, one.name] = one
    return index
