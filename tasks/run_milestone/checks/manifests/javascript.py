"""Reads what package.json asks for, and the licences that lock files know."""

from __future__ import annotations

import json
import re
from typing import Any

from .package import NPM, Manifest, exact, outside, table

_TABLES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_INSTALLING = frozenset(
    {
        *("preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare", "prepublish", "prepack"),
        *("postpack", "dependencies"),
    }
)
"""Scripts that a package manager runs when it installs."""
_MORE = ("bundledDependencies", "bundleDependencies", "packageManager", "devEngines")
_REDIRECTS = ("overrides", "resolutions", "pnpm", "dependenciesMeta", "trustedDependencies", *_MORE)
_HOSTED = re.compile(r"(?:git[+:@]|https?:|ssh:|git:|github:|gitlab:|bitbucket:|gist:|[\w.-]+/[\w.#-]+$).*")


def from_package_json(text: str, folder: str = "") -> Manifest:
    """Read dependencies, aliases, redirects and the scripts that run at an installation."""
    document, manifest = json.loads(text or "{}"), Manifest()
    if not isinstance(document, dict):
        raise TypeError("it is not a JSON object")
    for key in _TABLES:
        for name, asked in table(document, key).items():
            _add(manifest, name, str(asked), folder)
    scripts = table(document, "scripts")
    manifest.origins += [f"script {name}: {scripts[name]}" for name in sorted(_INSTALLING & scripts.keys())]
    for key in _REDIRECTS:
        if key in document:
            manifest.origins += [f"{key} {one}" for one in _leaves(document[key])]
    return manifest


def asked_for(document: Any) -> frozenset[str]:
    """Return the names of the packages that a package.json asks for."""
    return frozenset(str(name) for key in _TABLES for name in table(document, key))


def _add(manifest: Manifest, name: str, asked: str, folder: str) -> None:
    alias = re.fullmatch(r"npm:(@?[^@]+)(?:@(.*))?", asked)
    if alias:
        name, asked = alias[1], alias[2] or ""
    if asked.startswith(("workspace:", "portal:")):
        return
    if asked.startswith(("file:", "link:", ".")):
        if source := outside(folder, asked):
            manifest.add(NPM, name, source=source)
        return
    source = asked if _HOSTED.fullmatch(asked) else None
    manifest.add(NPM, name, "" if source else asked, exact=exact(asked), source=source)


def _leaves(value: Any, path: str = "") -> list[str]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, f"{path}{key} ")]
    return [f"{path}{json.dumps(value)}"]


def locked_licences(text: str) -> dict[str, tuple[str, str]]:
    """Return (version, licence) by package, as package-lock.json says. Errors: ValueError."""
    packages = table({"lock": json.loads(text or "{}")}, "lock", "packages")
    return {
        path.rpartition("node_modules/")[2]: (str(entry.get("version", "")), _licence(entry["license"]))
        for path, entry in sorted(packages.items(), key=lambda pair: -pair[0].count("node_modules/"))
        if isinstance(entry, dict) and "license" in entry and "node_modules/" in path
    }


def _licence(value: Any) -> str:
    return str(value.get("type", "") if isinstance(value, dict) else value)
