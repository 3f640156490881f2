"""Looks up the licence of a package where no network is needed, and judges whether it is permissive."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from .manifests.package import PYPI
from .manifests.python import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Licences
    from .manifests import Dependency

PERMISSIVE = frozenset(
    {
        *("0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CNRI-Python"),
        *("HPND", "ISC", "MIT", "MIT-0", "MIT-CMU", "NCSA", "PostgreSQL", "PSF-2.0", "Python-2.0", "Python-2.0.1"),
        *("Unicode-3.0", "Unicode-DFS-2016", "Unlicense", "X11", "Zlib", "ZPL-2.1"),
    }
)

_CLASSIFIERS = {
    "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "zlib/libpng License": "Zlib",
}
"""Classifiers that name exactly one licence. `BSD License` and `Apache Software License` do not."""


_SPELLINGS = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "BSD 3-Clause": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "MIT License": "MIT",
    "The MIT License": "MIT",
}
"""Free text that means one licence beyond doubt."""

_FAMILIES = {
    "BSD License": r"|(?:(?:new|modified|simplified|revised) )?BSD(?:[ -]?[23][ -]?clause)?(?: licen[sc]e)?",
    "Apache Software License": r"|Apache(?: software)?(?: licen[sc]e)?[ ,-]*(?:v|version )?(?:2(?:\.0)?)?",
}
"""Classifiers of several licences that are all permissive where the OSI approved them, and the text beside them."""
_APPROVED = " (OSI approved)"


@dataclass(frozen=True, slots=True)
class Answer:
    """A licence and its source. `licence` is an SPDX expression where `known`, else the words of the source, if any."""

    licence: str | None
    source: str
    version: str | None = None
    known: bool = False
    permissive: bool = False


def look_up(
    package: Dependency,
    policy: Licences,
    locked: Mapping[str, tuple[str, str]] | None = None,
    environment: tuple[str, ...] | None = None,
) -> Answer:
    """Ask the plan, then the lock file, then the metadata of exactly that version where it is installed.

    `locked` is (version, licence) by package. `environment` are the folders of installed packages that are looked
    into, by default those of this program. The network is never asked. What comes from elsewhere than the index
    is known to nobody: the package of that name, which is installed here, may be another one.
    """
    if package.source:
        return Answer(None, f"it comes from elsewhere: {package.source}")
    metadata = _installed(package, environment)
    version = str(metadata["Version"]) if metadata else package.pinned
    text, source = _vouched(package, policy), "the plan's licence policy"
    if text is None and locked and package.name in locked:
        (version, text), source = locked[package.name], "the lock file"
    if text is None and metadata:
        text, source = stated(metadata), f"installed metadata of {package.name} {version}"
    if text is None:
        return Answer(None, "no source knows the licence", version)
    return judged(text, source, version, policy)


def judged(text: str, source: str, version: str | None, policy: Licences) -> Answer:
    """Judge what a source says of a licence."""
    if text.removesuffix(_APPROVED) in _FAMILIES and text.endswith(_APPROVED):
        return Answer(text, source, version, known=True, permissive=True)
    expression = _parsed(text)
    if expression is None:
        return Answer(text, source, version)
    permissive = _permissive(expression, PERMISSIVE | set(policy.allow))
    return Answer(str(expression), source, version, known=True, permissive=permissive)


def _vouched(package: Dependency, policy: Licences) -> str | None:
    names = policy.packages.items()
    return next((licence for name, licence in names if package.name in {name, canonical(name)}), None)


def _installed(package: Dependency, environment: tuple[str, ...] | None) -> Any:
    """Return the metadata of the installed version if it is the one asked for."""
    if package.ecosystem != PYPI:
        return None
    where = sys.path if environment is None else list(environment)
    try:
        metadata = next((one.metadata for one in importlib.metadata.distributions(name=package.name, path=where)), None)
    except ValueError:
        return None
    return metadata if metadata and is_allowed(package, str(metadata["Version"])) else None


def is_allowed(package: Dependency, version: str) -> bool:
    """Tell whether a range allows a version. Poetry writes ranges that other tools do not know (`^1.2`, `~1 || ~2`)."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from poetry.core.constraints.version import Version, parse_constraint
    from poetry.core.constraints.version.exceptions import ParseConstraintError

    try:
        wanted = SpecifierSet(f"=={package.pinned}" if package.pinned else package.asked)
        return wanted.contains(version, prereleases=True)
    except InvalidSpecifier:
        pass
    try:
        return parse_constraint(package.asked).allows(Version.parse(version))
    except (ParseConstraintError, ValueError):
        return False


def stated(metadata: Any) -> str | None:
    """Return the SPDX expression of the metadata, else its one line of text, else all classifiers together."""
    if expression := metadata.get("License-Expression"):
        return str(expression).strip()
    text = str(metadata.get("License") or "").strip()
    text = "" if text == "UNKNOWN" or "\n" in text else _SPELLINGS.get(text, text)
    names = [
        (name, "OSI Approved" in parents)
        for classifier in metadata.get_all("Classifier", ())
        for _, *parents, name in (classifier.split(" :: "),)
        if classifier.startswith("License :: ") and name != "OSI Approved"
    ]
    family = names[0][0] if len(names) == 1 and names[0][1] else ""
    if family in _FAMILIES and not (text and _parsed(text)) and re.fullmatch(_FAMILIES[family], text, re.IGNORECASE):
        return f"{family}{_APPROVED}"
    return text or " AND ".join(_CLASSIFIERS.get(name, name) for name, _ in names) or None


def _parsed(text: str) -> Any:
    """Return an SPDX expression, or None where the text is not exactly one."""
    from license_expression import ExpressionError

    try:
        return _spdx().parse(text, validate=True)
    except ExpressionError:
        return None


@cache
def _spdx() -> Any:
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()


def _permissive(expression: Any, allowed: set[str] | frozenset[str]) -> bool:
    """Judge an expression: the best part of OR counts, the worst of AND, and the licence before WITH."""
    from license_expression import LicenseWithExceptionSymbol

    if isinstance(expression, LicenseWithExceptionSymbol):
        return str(expression) in allowed or expression.license_symbol.key in allowed
    if not expression.args:
        return expression.key in allowed
    judged = [_permissive(part, allowed) for part in expression.args]
    return any(judged) if expression.operator.strip().upper() == "OR" else all(judged)
