"""Reads from a manifest which packages a project asks for."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from .file_types import is_requirements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PYPI: Literal["pypi"] = "pypi"
NPM: Literal["npm"] = "npm"


@dataclass(frozen=True, slots=True)
class Dependency:
    """One package that is asked for: `asked` is the version range as written, `pinned` the one version it allows."""

    ecosystem: Literal["pypi", "npm"]
    name: str
    asked: str = ""
    pinned: str | None = None

    @property
    def shown(self) -> str:
        """The version as people say it: `0.25.0`, `>=0.25`, `any version`."""
        return self.pinned or self.asked or "any version"


def is_manifest(path: str) -> bool:
    """Tell whether the file lists dependencies in a form that is read here."""
    return PurePosixPath(path).name in {"pyproject.toml", "package.json"} or is_requirements(path)


def dependencies(path: str, text: str) -> tuple[Dependency, ...]:
    """Return what a manifest asks for, in its order. Errors: ValueError or TypeError with what is wrong with it."""
    if is_requirements(path):
        return tuple(_from_lines(text))
    if path.endswith("package.json"):
        return tuple(_from_package_json(json.loads(text or "{}")))
    return tuple(_from_pyproject(tomllib.loads(text)))


def _from_lines(text: str) -> Iterator[Dependency]:
    """Read pip's requirements format; options (`-r`, `--hash`) ask for nothing themselves, `-e` does."""
    for line in text.replace("\\\n", " ").splitlines():
        wanted = re.sub(r"(^|\s)#.*", "", line).split(" --")[0].strip()
        wanted = re.sub(r"^(-e|--editable)[ =]", "", wanted).strip()
        if wanted and not wanted.startswith("-"):
            yield _requirement(wanted)


def _from_pyproject(document: dict[str, Any]) -> Iterator[Dependency]:
    """Read PEP 621, PEP 735, build requirements, Poetry and uv; extras of the project itself are not packages."""
    project, tool = _table(document, "project"), _table(document, "tool")
    groups = {**_table(project, "optional-dependencies"), **_table(document, "dependency-groups")}
    lists = [
        project.get("dependencies"),
        *groups.values(),
        _table(document, "build-system").get("requires"),
        _table(tool, "uv").get("dev-dependencies"),
    ]
    project_name = canonical(str(project.get("name", "")))
    for texts in lists:
        wanted = (_requirement(text) for text in texts or () if isinstance(text, str))
        yield from (one for one in wanted if one.name != project_name)
    yield from _from_poetry(_table(tool, "poetry"))


def _from_poetry(poetry: dict[str, Any]) -> Iterator[Dependency]:
    tables = [_table(poetry, "dependencies"), _table(poetry, "dev-dependencies")]
    tables += [_table(group, "dependencies") for group in _table(poetry, "group").values()]
    for name, asked in ((name, asked) for table in tables for name, asked in table.items()):
        version = asked.get("version", "") if isinstance(asked, dict) else asked
        if name != "python":
            yield Dependency(PYPI, canonical(name), str(version), _exact(str(version)))


def _from_package_json(document: Any) -> Iterator[Dependency]:
    if not isinstance(document, dict):
        raise TypeError("it is not a JSON object")
    for key in ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies"):
        for name, asked in _table(document, key).items():
            yield Dependency(NPM, name, str(asked), _exact(str(asked)))


def _requirement(text: str) -> Dependency:
    """Read a PEP 508 requirement; a bare URL or path is a package of that name, of unknown version."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        wanted = Requirement(text)
    except InvalidRequirement:
        return Dependency(PYPI, text)
    asked = f"@ {wanted.url}" if wanted.url else str(wanted.specifier)
    return Dependency(PYPI, canonical(wanted.name), asked, _exact(asked))


def canonical(name: str) -> str:
    """Return a Python package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _exact(asked: str) -> str | None:
    """Return the only version a range allows (`==0.25.0`, and the bare `0.25.0` of npm and Poetry)."""
    match = re.fullmatch(r"={0,3}\s*(\d[\w.+-]*)", asked)
    return match[1] if match else None


def _table(document: Any, key: str) -> dict[str, Any]:
    value = document.get(key) if isinstance(document, dict) else None
    return value if isinstance(value, dict) else {}


def by_name(packages: Iterable[Dependency]) -> dict[tuple[str, str], Dependency]:
    """Index dependencies by ecosystem and name; of several ranges for one package the strictest pin wins."""
    index: dict[tuple[str, str], Dependency] = {}
    for one in sorted(packages, key=lambda one: (one.pinned is not None, one.asked)):
        index[one.ecosystem, one.name] = one
    return index
