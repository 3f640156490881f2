"""Check that no path in a plan leaves the project, and that no URL holds a password."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..core.serialize import Steps, quoted
from .diagnostics import Problem
from .source import Written


def paths(written: Written) -> Iterator[Problem]:
    """Check that every path and pattern stays inside the project as written."""
    for steps, path in _written_paths(written):
        if leaves(path):
            yield written.problem(steps, f"is {quoted(path)}, expected a path that stays inside the project")
    for pattern in (one for one in written.parts if leaves(one)):
        yield written.problem(("commands", pattern), "is not inside the repository, expected a pattern such as web/**")


def leaves(path: str) -> bool:
    """Return whether a path, as written, may leave the folder it starts from."""
    odd = not path.isprintable() or "\\" in path
    return odd or path.startswith(("/", "~", "-")) or ".." in path.split("/")


def _written_paths(written: Written) -> Iterator[tuple[Steps, str]]:
    yield from _at(written.fields, (), ("migrations", "protected", "sensitive"))
    yield from _at(written.fields.get("repository", {}), ("repository",), ("path", "sample"))
    yield from _at(written.fields.get("tree", {}), ("tree",), ("copy", "python", "cache"))
    yield from _at(written.fields.get("tests", {}), ("tests",), ("paths",))
    yield from _at(written.fields.get("commands", {}), ("commands",), ("report",))
    for pattern, part in written.parts.items():
        yield from _at(part, ("commands", pattern), ("report", "depends_on"))
    yield from _at(written.fields.get("agent", {}), ("agent",), ("changes",))
    for entry in written.issues:
        yield from _at(entry.fields, entry.steps, ("spec", "paths"))
        yield from _at(entry.fields.get("agent", {}), (*entry.steps, "agent"), ("changes",))


def _at(fields: dict[str, Any], steps: Steps, keys: tuple[str, ...]) -> Iterator[tuple[Steps, str]]:
    for key in keys:
        if key in fields:
            yield from _texts(fields[key], (*steps, key))


def _texts(value: Any, steps: Steps) -> Iterator[tuple[Steps, str]]:
    if isinstance(value, str):
        yield steps, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inner:
        yield from _texts(item, (*steps, step))


def links(written: Written) -> Iterator[Problem]:
    """Check that every existing folder stays inside the project with its links followed."""
    root = os.path.realpath(written.folder.parent.parent)
    for steps, path, base in _folders(written):
        if not leaves(path) and not Path(os.path.realpath(base / path)).is_relative_to(root):
            yield written.problem(steps, f"is {quoted(path)}, a link that leaves the project, expected one that stays")


def _folders(written: Written) -> Iterator[tuple[Steps, str, Path]]:
    for steps, path in _written_paths(written):
        if steps[-1] in {"path", "sample", "changes"}:
            yield steps, path, written.folder.parent.parent if steps[-1] == "path" else written.folder


def shown(written: Written) -> Iterator[Problem]:
    """Check that the sandbox shows no folder that holds the project or a home."""
    places = {"the project": written.folder.parent.parent, "your home": Path.home()}
    for position, path in enumerate(written.fields.get("sandbox", {}).get("read") or ()):
        folder = Path(os.path.realpath(path)) if path else None
        for name, place in places.items() if folder else ():
            if Path(os.path.realpath(place)).is_relative_to(folder or place):
                what = f"is {quoted(path)}, which holds {name}, expected a folder that does not"
                yield written.problem(("sandbox", "read", position), what)
                break


def images(written: Written) -> Iterator[Problem]:
    """Check that a container has an image, and nothing else has one."""
    box = written.fields.get("sandbox", {})
    if box.get("kind") == "container" and not box.get("image"):
        yield written.problem(("sandbox", "kind"), "is 'container' without an image, expected `image:` beside it")
    elif box.get("image") and box.get("kind") != "container":
        yield written.problem(("sandbox", "image"), "is for containers alone, expected `kind: container` beside it")


def addresses(written: Written) -> Iterator[Problem]:
    """Check that database and remote hold no password, and that the remote is not a program to run."""
    remote = written.fields.get("repository", {}).get("remote", "")
    for steps, url in ((("database",), written.fields.get("database", "")), (("repository", "remote"), remote)):
        if "::" in url.split("/", maxsplit=1)[0]:
            yield written.problem(steps, f"is {quoted(url)}, which names a program, expected a remote, a path or a URL")
        elif "://" in url and _password(url):
            yield written.problem(steps, "holds a password, expected a URL without one")


def _password(url: str) -> bool:
    """Return whether a URL holds a password, or cannot be parsed."""
    try:
        return bool(urlsplit(url).password)
    except ValueError:
        return True
