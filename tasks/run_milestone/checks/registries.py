"""Asks the operator's own pip, npm and cargo for licences that neither the plan, a lock file nor an installation knows.

As for advisories, they run on the operator's side with the operator's configuration, in a folder that holds nothing.
Names and ranges are all that they get, and nothing of a package runs.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from email.message import Message
from typing import TYPE_CHECKING, Any, NamedTuple

from ..adapters.process import search_path
from ..core.fs import temporary_folder
from .licences import is_allowed, stated
from .manifests.package import CARGO, NPM, PYPI, items, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from .change import Tools
    from .manifests import Dependency

MOST = 30
"""Packages that are asked about one by one. A change that brings more is looked at by a person anyway."""
_NAME = re.compile(r"(?:@[\w.-]+/)?[A-Za-z0-9][\w.-]*")
_RANGE = re.compile(r"[\w.^~<>=!|,* +-]*")


class Reply(NamedTuple):
    """What a registry says of a package: its newest version that is asked for, and the licence of that one."""

    version: str
    licence: str | None
    source: str


def ask(tools: Tools, packages: Sequence[Dependency]) -> dict[Dependency, Reply]:
    """Return what the registries tell. What is missing there, is from elsewhere, or has no tool here is left out."""
    replies: dict[Dependency, Reply] = {}
    plain = [one for one in packages if not one.source and _NAME.fullmatch(one.name) and _RANGE.fullmatch(one.asked)]
    with temporary_folder("run-milestone-") as folder:
        for ecosystem, look_up in _TOOLS.items():
            if wanted := [one for one in plain if one.ecosystem == ecosystem]:
                replies.update(look_up(tools, folder, wanted))
    return replies


def _answer(tools: Tools, folder: Path, command: Sequence[str]) -> str:
    """Return what a tool printed, empty where it has no answer."""
    result = tools.as_operator(tuple(command), folder)
    return result.out if result.code == 0 and not result.truncated else ""


# ---- pip ----------------------------------------------------------------------------------------------------------


def _pip(tools: Tools, folder: Path, packages: list[Dependency]) -> Iterator[tuple[Dependency, Reply]]:
    """Ask for all packages at once, then, because one that is missing fails them all, for each alone."""
    asked = {_requirement(one): one for one in packages}
    replies = list(_reported(_report(tools, folder, list(asked)), packages))
    if not replies and 1 < len(asked) <= MOST:
        replies = [pair for text in asked for pair in _reported(_report(tools, folder, [text]), packages)]
    yield from replies


def _requirement(package: Dependency) -> str:
    """Return what pip understands: a range of Poetry's (`^1.2`) is left out, and compared afterwards."""
    is_plain = re.fullmatch(r"(?:(?:[<>=!]=?|~=|===)[\w.*+!-]+,?)+", package.asked.replace(" ", ""))
    return package.name + (f"=={package.pinned}" if package.pinned else package.asked if is_plain else "")


def _report(tools: Tools, folder: Path, requirements: list[str]) -> Any:
    """Return pip's report about wheels that it would install. No wheel is unpacked, and nothing else is taken."""
    words = ["install", "--dry-run", "--ignore-installed", "--no-deps", "--only-binary=:all:", "--quiet", "--report=-"]
    limits = ["--disable-pip-version-check", "--no-input", "--retries=0", "--timeout=10"]
    pip = [sys.executable, "-I", "-m", "pip", *words, *limits, *requirements]
    return _json(_answer(tools, folder, pip))


def _reported(report: Any, packages: list[Dependency]) -> Iterator[tuple[Dependency, Reply]]:
    from .manifests.python import canonical

    for entry in items(table(report).get("install")):
        data = table(entry, "metadata")
        name, version = canonical(str(data.get("name"))), str(data.get("version"))
        for package in packages:
            if package.name == name and is_allowed(package, version):
                yield package, Reply(version, stated(_as_message(data)), "the index that pip asks")


def _as_message(data: dict[str, Any]) -> Message:
    """Return metadata in JSON as the headers that an installed package has."""
    message = Message()
    for key, header in (("license_expression", "License-Expression"), ("license", "License")):
        if data.get(key):
            message[header] = str(data[key])
    for one in items(data.get("classifier")):
        message["Classifier"] = str(one)
    return message


# ---- npm and cargo ------------------------------------------------------------------------------------------------


def _npm(tools: Tools, folder: Path, packages: list[Dependency]) -> Iterator[tuple[Dependency, Reply]]:
    if shutil.which("npm", path=search_path()) is None or len(packages) > MOST:
        return
    for package in packages:
        asked = f"{package.name}@{package.pinned or package.asked}" if package.shown != "any version" else package.name
        words = ("npm", "view", "--json", "--fetch-retries=0", asked, "name", "version", "license")
        answer = _json(_answer(tools, folder, words))
        newest = max(filter(_is_complete, items(answer)), key=_order, default=None)
        if newest:
            licence = newest["license"]
            text = str(licence.get("type", "") if isinstance(licence, dict) else licence)
            yield package, Reply(str(newest["version"]), text, "the registry that npm asks")


def of_npm(tools: Tools) -> str:
    """Return the registry that the operator's npm asks, empty where it does not say."""
    with temporary_folder("run-milestone-") as folder:
        return _answer(tools, folder, ("npm", "config", "get", "registry")).strip()


def private_to_go(tools: Tools) -> tuple[str, ...]:
    """Return the patterns of modules that the operator's go fetches from no public proxy (GOPRIVATE)."""
    if shutil.which("go", path=search_path()) is None:
        return ()
    with temporary_folder("run-milestone-") as folder:
        patterns = _answer(tools, folder, ("go", "env", "GOPRIVATE", "GONOPROXY"))
    return tuple(filter(None, re.split(r"[,\s]+", patterns)))


def _is_complete(entry: Any) -> bool:
    return isinstance(entry, dict) and bool(entry.get("license")) and isinstance(entry.get("version"), str)


def _order(entry: dict[str, Any]) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", entry["version"].partition("-")[0]))


def _cargo(tools: Tools, folder: Path, packages: list[Dependency]) -> Iterator[tuple[Dependency, Reply]]:
    if shutil.which("cargo", path=search_path()) is None or len(packages) > MOST:
        return
    for package in packages:
        asked = package.pinned or package.asked.lstrip("^~= ")
        named = f"{package.name}@{asked}" if re.fullmatch(r"\d[\w.+-]*", asked) else package.name
        words = ("cargo", "--config=net.retry=0", "--color=never", "info", "--quiet", named)
        fields = dict(re.findall(r"^(license|version): (.+)$", _answer(tools, folder, words), re.MULTILINE))
        if fields.keys() == {"license", "version"}:
            yield (
                package,
                Reply(
                    fields["version"].split()[0], fields["license"].replace("/", " OR "), "the registry that cargo asks"
                ),
            )


def _json(text: str) -> Any:
    try:
        return json.loads(text or "null")
    except (ValueError, RecursionError):
        return None


_TOOLS: dict[str, Callable[[Tools, Path, list[Dependency]], Iterator[tuple[Dependency, Reply]]]] = {
    PYPI: _pip,
    NPM: _npm,
    CARGO: _cargo,
}
ASKED = frozenset(_TOOLS)
"""The ecosystems whose registries are asked."""
