"""Make Python import the packages of a tree from that tree, and record from where it imported them.

A copy of this file is the `sitecustomize` of every Python that a command starts. It imports nothing of run_milestone
and runs on any Python from 3.8 on. What an environment offers under the name of one of the tree's packages, by an
editable install, a .pth file, an import hook or an installed copy, is replaced by what the tree holds.
"""

from __future__ import annotations

import json
import os
import sys
from _thread import get_ident
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

SETTINGS = "import_guard.json"
"""The file beside this one: the tree, the checkout it was made from, its packages, and where to record."""
_INSTALLED = {"site-packages", "dist-packages"}


class ImportGuard:
    """The first finder: it decides where the tree's own top-level packages come from."""

    def __init__(self, settings: dict[str, Any]) -> None:
        """Take the settings as `SETTINGS` holds them."""
        self._tree = os.path.realpath(settings["tree"])
        self._checkout = os.path.realpath(settings["checkout"])
        self._packages: dict[str, list[str]] = settings["packages"]
        self._record: str = settings["record"]
        self._asking: set[tuple[int, str]] = set()

    # ---- the search path --------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Record the interpreter, and lead entries of the search path that are in the checkout into the tree."""
        self._write(python=sys.executable, prefix=sys.prefix)
        sys.path[:] = [self._in_tree(entry) or entry for entry in sys.path]
        for name in self._packages:
            other = self._others(name, None)
            spec = self._replacement(name, other) if other and not self._is_source(other) else None
            if spec is not None and spec.origin is not None:
                root = os.path.dirname(_place(spec))
                if root not in sys.path:
                    sys.path.insert(0, root)

    def _in_tree(self, path: str) -> str | None:
        """Return the place in the tree of what lies in the checkout; None where the tree has none."""
        place = os.path.realpath(path)
        if not path or not _below(place, self._checkout) or _is_installed(place):
            return None
        mapped = os.path.join(self._tree, os.path.relpath(place, self._checkout))
        return mapped if os.path.exists(mapped) else None

    # ---- finding ----------------------------------------------------------------------------------------------

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return where a package of the tree, or a part of it, is; None leaves it to the other finders."""
        _ = target
        key = (get_ident(), name)
        if name.partition(".")[0] not in self._packages or key in self._asking:
            return None
        self._asking.add(key)
        try:
            return self._top(name) if path is None else self._part(name, list(path))
        finally:
            self._asking.discard(key)

    def _top(self, name: str) -> ModuleSpec | None:
        other = self._others(name, None)
        spec = other if other and self._is_source(other) else self._replacement(name, other)
        if spec is None and other is not None:
            raise self._missing(name, other)
        if spec is not None:
            self._write(name=name, origin=_place(spec))
        return spec

    def _part(self, name: str, path: list[str]) -> ModuleSpec | None:
        """Find a module inside of a package. Where the package is the tree's, so is every part of it."""
        spec = PathFinder.find_spec(name, path)
        other = None if spec is not None and self._allowed(spec) else self._others(name, path)
        if other is None or self._allowed(other):
            return spec if other is None else other
        raise self._missing(name, other)

    def _allowed(self, spec: ModuleSpec) -> bool:
        """Return whether a part may be used: it is in the tree, or another distribution shares a namespace with it."""
        top = sys.modules.get(spec.name.partition(".")[0])
        shared = getattr(top, "__file__", None) is None or len(list(getattr(top, "__path__", ()))) > 1
        place = _place(spec)
        return _below(place, self._tree) or (shared and (not _below(place, self._checkout) or _is_installed(place)))

    def _others(self, name: str, path: list[str] | None) -> ModuleSpec | None:
        """Ask the other finders."""
        key = (get_ident(), name)
        nested = key in self._asking
        self._asking.add(key)
        try:
            for finder in list(sys.meta_path):
                find = None if finder is self else getattr(finder, "find_spec", None)
                spec = find(name, path, None) if find else None
                if spec is not None:
                    return spec  # type: ignore[no-any-return]
            return None
        finally:
            if not nested:
                self._asking.discard(key)

    def _replacement(self, name: str, other: ModuleSpec | None) -> ModuleSpec | None:
        """Return what the tree holds under this name: at the same place as in the checkout, else where it is known."""
        places = [os.path.join(self._tree, place) for place in self._packages[name]]
        mapped = self._in_tree(_place(other)) if other else None
        specs = [_spec(name, place) for place in ([mapped, *places] if mapped else places)]
        known = [spec for spec in specs if spec is not None]
        whole = [spec for spec in known if spec.origin is not None]
        if whole or not known:
            return whole[0] if whole else None
        return self._joined(name, [place for spec in known for place in spec.submodule_search_locations or ()], other)

    def _joined(self, name: str, mine: list[str], other: ModuleSpec | None) -> ModuleSpec:
        """Return a namespace package of the tree's parts and of those that other distributions have."""
        rest = [os.path.realpath(place) for place in (other and other.submodule_search_locations) or ()]
        kept = [place for place in rest if _is_installed(place) or not _below(place, self._checkout)]
        joined = ModuleSpec(name, None, is_package=True)
        joined.submodule_search_locations = list(dict.fromkeys([*mine, *kept]))
        return joined

    def _is_source(self, spec: ModuleSpec) -> bool:
        """Return whether something is in the tree, and no installed copy of what was there."""
        if spec.origin is None and len(list(spec.submodule_search_locations or ())) > 1:
            return False
        place = _place(spec)
        return _below(place, self._tree) and not _is_installed(place)

    def _missing(self, name: str, other: ModuleSpec) -> ModuleNotFoundError:
        text = f"No module named {name!r} in the tree {self._tree}; the one at {_place(other)} is not the tree's"
        return ModuleNotFoundError(text, name=name)

    def _write(self, **what: str) -> None:
        try:
            with open(self._record, "a", encoding="utf-8") as file:
                file.write(json.dumps(what) + "\n")
        except OSError:
            pass


def _spec(name: str, place: str) -> ModuleSpec | None:
    """Return the module or package at a place, which may have another name there."""
    folder, base = os.path.split(place)
    if base in {name, name + ".py"}:
        return PathFinder.find_spec(name, [folder])
    from importlib.util import spec_from_file_location

    first = os.path.join(place, "__init__.py")
    return spec_from_file_location(name, first, submodule_search_locations=[place]) if os.path.exists(first) else None


def _place(spec: ModuleSpec) -> str:
    """Return the real path of a module's file, of a package's folder."""
    inner = list(spec.submodule_search_locations or ())
    return os.path.realpath(inner[0] if inner else spec.origin or "")


def _below(place: str, folder: str) -> bool:
    return place == folder or place.startswith(folder + os.sep)


def _is_installed(place: str) -> bool:
    return bool(_INSTALLED & set(place.split(os.sep)))


def _run_next(here: str) -> None:
    """Run the `sitecustomize` that this one hides."""
    from importlib.util import module_from_spec

    spec = PathFinder.find_spec("sitecustomize", [entry for entry in sys.path if os.path.realpath(entry) != here])
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(module_from_spec(spec))


def _install() -> None:
    here = os.path.dirname(os.path.realpath(__file__))
    with open(os.path.join(here, SETTINGS), encoding="utf-8") as file:
        guard = ImportGuard(json.load(file))
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry) != here]
    guard.prepare()
    sys.meta_path.insert(0, guard)
    _run_next(here)


if __name__ == "sitecustomize":
    _install()
