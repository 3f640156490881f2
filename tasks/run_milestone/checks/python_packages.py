"""Name the Python packages that a repository holds, from its files and the settings of its build tools."""

from __future__ import annotations

import ast
import configparser
import sys
import tomllib
from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from .syntax import called_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Read = Callable[[str], bytes | None]

_MANIFESTS = ("pyproject.toml", "setup.cfg", "setup.py")
_ASIDE = frozenset(
    {"tests", "test", "testing", "testdata", "fixtures", "examples", "example", "docs", "doc", "benchmarks", "vendor"}
    | {"third_party", "node_modules", "site-packages", "templates", "build", "dist"}
)
"""Folders whose projects and packages are not what a repository is about."""
_NOT_IMPORTED = frozenset({"setup", "conftest", "noxfile", "__init__", "__main__", *sys.stdlib_module_names})


def own_packages(paths: Iterable[str], read: Read) -> dict[str, tuple[str, ...]]:
    """Return the packages and modules that `paths` hold, by the name they are imported by, with their places.

    `read` returns the bytes of a path. The places are where a project of the repository says, or usually, has them.
    """
    tree = _Tree(paths)
    places: dict[str, dict[str, None]] = defaultdict(dict)
    for project in tree.projects():
        for name, place in _declared(project, tree, read):
            if name.isidentifier() and name not in _NOT_IMPORTED:
                places[name][place] = None
    return {name: tuple(where) for name, where in sorted(places.items())}


class _Tree:
    """The files of a repository, by folder."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.files = frozenset(path for path in paths if path.endswith((".py", *_MANIFESTS)))
        self._inside: dict[str, set[str]] = defaultdict(set)
        for path in self.files:
            parts = PurePosixPath(path).parts
            for depth, part in enumerate(parts):
                self._inside["/".join(parts[:depth])].add(part)

    def projects(self) -> Iterator[str]:
        """Yield the folders that hold a project, the repository's own first."""
        folders = {path.rpartition("/")[0] for path in self.files if path.rpartition("/")[2] in _MANIFESTS}
        yield ""
        yield from sorted(folder for folder in folders if folder and not _is_aside(folder))

    def has(self, folder: str) -> bool:
        return folder in self._inside

    def inside(self, folder: str) -> Iterator[str]:
        """Yield the names of the Python modules and folders in a folder."""
        for name in sorted(self._inside.get(folder, ())):
            if name.endswith(".py") or self.has(_join(folder, name)):
                yield name

    def is_package(self, folder: str) -> bool:
        return _join(folder, "__init__.py") in self.files


def _is_aside(folder: str) -> bool:
    return any(part in _ASIDE or part.startswith(".") or "{{" in part for part in folder.split("/"))


def _join(folder: str, name: str) -> str:
    """Return the path below `folder`, without `.` in it."""
    return "/".join(part for part in f"{folder}/{name}".split("/") if part not in {"", "."})


def _declared(project: str, tree: _Tree, read: Read) -> Iterator[tuple[str, str]]:
    """Yield the packages of one project: those of its source folders, and those that its settings name."""
    settings = _settings(project, tree, read)
    roots = dict.fromkeys(_join(project, root) for root in settings.roots)
    if tree.has(source := _join(project, "src")) and not tree.is_package(source):
        roots[source] = None
    for root in roots or {project: None}:
        yield from _listed(root, tree, is_source=root != project)
    for name, place in settings.packages.items():
        yield name, _join(project, place)


def _listed(root: str, tree: _Tree, *, is_source: bool) -> Iterator[tuple[str, str]]:
    """Yield what a folder on the search path offers. Only a source folder has packages without `__init__.py`."""
    for name in tree.inside(root):
        place = _join(root, name)
        if name.endswith(".py") and not name.startswith("test_"):
            yield name.removesuffix(".py"), place
        elif name not in _ASIDE and (tree.is_package(place) or (is_source and tree.has(place))):
            yield name, place


# ---- what build tools are told ------------------------------------------------------------------------------------


class _Settings:
    """Source folders and packages as the settings of one project name them."""

    def __init__(self) -> None:
        self.roots: dict[str, None] = {}
        self.packages: dict[str, str] = {}

    def add_root(self, root: Any) -> None:
        if isinstance(root, str) and not root.startswith("/") and ".." not in root.split("/"):
            self.roots[root] = None

    def add_mapping(self, mapping: Any) -> None:
        """Take setuptools' package_dir: the empty name stands for the source folder."""
        for name, place in mapping.items() if isinstance(mapping, dict) else ():
            if not name:
                self.add_root(place)
            elif isinstance(name, str) and isinstance(place, str) and "." not in name:
                self.packages[name] = place

    def add_folders(self, folders: Any) -> None:
        """Take packages named by their folders."""
        for folder in folders if isinstance(folders, list) else ():
            if isinstance(folder, str) and folder.strip("/"):
                self.packages[PurePosixPath(folder).name] = folder.strip("/")


def _settings(project: str, tree: _Tree, read: Read) -> _Settings:
    settings = _Settings()
    readers = {"pyproject.toml": _pyproject, "setup.cfg": _setup_cfg, "setup.py": _setup_py}
    for name, take in readers.items():
        path = _join(project, name)
        if path in tree.files:
            text = (read(path) or b"").decode(errors="replace")
            try:
                take(text, settings)
            except (ValueError, SyntaxError, configparser.Error, AttributeError, TypeError, RecursionError):
                continue  # what cannot be read names nothing; the usual places are looked at all the same
    return settings


def _pyproject(text: str, settings: _Settings) -> None:
    tool = tomllib.loads(text).get("tool", {})
    setuptools = tool.get("setuptools", {})
    settings.add_mapping(setuptools.get("package-dir"))
    find = setuptools.get("packages", {})
    for root in find.get("find", {}).get("where", ()) if isinstance(find, dict) else ():
        settings.add_root(root)
    for one in tool.get("poetry", {}).get("packages", ()):
        if "from" in one:
            settings.add_root(one["from"])
        else:
            settings.add_folders([one["include"].split("/")[0]])
    wheel = tool.get("hatch", {}).get("build", {}).get("targets", {}).get("wheel", {})
    settings.add_folders(wheel.get("packages"))
    settings.add_folders(tool.get("scikit-build", {}).get("wheel", {}).get("packages"))
    settings.add_root(tool.get("pdm", {}).get("build", {}).get("package-dir"))
    settings.add_root(tool.get("maturin", {}).get("python-source"))
    settings.add_root(tool.get("uv", {}).get("build-backend", {}).get("module-root"))
    for root in _listed_words(tool.get("pytest", {}).get("ini_options", {}).get("pythonpath", ())):
        settings.add_root(root)


def _setup_cfg(text: str, settings: _Settings) -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    for line in parser.get("options", "package_dir", fallback="").splitlines():
        name, equals, place = line.partition("=")
        if equals:
            settings.add_mapping({name.strip(): place.strip()})
    for root in _listed_words(parser.get("options.packages.find", "where", fallback="")):
        settings.add_root(root)
    for root in _listed_words(parser.get("tool:pytest", "pythonpath", fallback="")):
        settings.add_root(root)


def _setup_py(text: str, settings: _Settings) -> None:
    """Take what the call of setup() says in plain literals. Nothing of it is run."""
    for call in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)):
        name = called_name(call)
        given = {word.arg: _literal(word.value) for word in call.keywords}
        if name == "setup":
            settings.add_mapping(given.get("package_dir"))
        elif name in {"find_packages", "find_namespace_packages"}:
            first = _literal(call.args[0]) if call.args else None
            settings.add_root(given.get("where", first))


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _listed_words(value: Any) -> list[str]:
    return value.split() if isinstance(value, str) else list(value)


def joined(one: Mapping[str, tuple[str, ...]], other: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the packages of two commits: one that a change removes must not come from elsewhere either."""
    names = sorted({*one, *other})
    return {name: tuple(dict.fromkeys((*one.get(name, ()), *other.get(name, ())))) for name in names}
