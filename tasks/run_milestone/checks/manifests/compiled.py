"""Reads what Go, Rust, PHP and conda projects ask for: go.mod, Cargo.toml, composer.json and environment.yml."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from . import python
from .package import CARGO, COMPOSER, CONDA, GO, Manifest, exact, items, outside, table

# ---- Go -----------------------------------------------------------------------------------------------------------

_BLOCK = re.compile(r"^(require|replace|exclude|retract|tool|ignore|godebug)\s*\((.*?)^\s*\)", re.MULTILINE | re.DOTALL)
_REQUIRED = re.compile(r"(\S+)\s+(v\S+)")
_KNOWN = re.compile(r"(module|go|toolchain|exclude|retract|tool|ignore|godebug)\b.*")


def from_go_mod(text: str, folder: str = "") -> Manifest:
    """Read go.mod: required modules, and those that others replace."""
    manifest = Manifest()
    bare = re.sub(r"\s*//.*", "", text)
    lines = [line for line in _BLOCK.sub("", bare).splitlines() if line.strip()]
    for verb, inside in _BLOCK.findall(bare):
        lines += [f"{verb} {line.strip()}" for line in inside.splitlines() if line.strip()]
    for line in lines:
        verb, _, rest = line.strip().partition(" ")
        required = _REQUIRED.fullmatch(rest.strip()) if verb == "require" else None
        if required:
            manifest.add(GO, required[1].strip('"'), required[2], exact=required[2])
        elif verb == "toolchain":
            manifest.origins.append(line.strip())
        elif verb == "replace":
            _replace(manifest, rest.strip(), folder)
        elif not _KNOWN.fullmatch(line.strip()):
            manifest.unread.append(line.strip())
    return manifest


def _replace(manifest: Manifest, rule: str, folder: str) -> None:
    target = rule.partition("=>")[2].strip()
    if not target.startswith(".") or outside(folder, target):
        manifest.origins.append(f"replace {rule}")


# ---- Rust ---------------------------------------------------------------------------------------------------------

_CRATES = ("dependencies", "dev-dependencies", "build-dependencies")


def from_cargo(text: str, folder: str = "") -> Manifest:
    """Read Cargo.toml. A crate of the workspace is listed by the workspace's own manifest."""
    document, manifest = tomllib.loads(text), Manifest()
    places = [document, table(document, "workspace"), *table(document, "target").values()]
    for place in places:
        for key in _CRATES:
            for name, value in table(place, key).items():
                _add_crate(manifest, name, value, folder)
    for key in ("patch", "replace"):
        manifest.origins += [f"[{key}] {json.dumps(value, default=str)}" for value in items(document.get(key))]
    build = table(document, "package").get("build")
    manifest.origins += [f"build = {build}"] if isinstance(build, str) else []
    return manifest


def _add_crate(manifest: Manifest, name: str, value: Any, folder: str) -> None:
    given = value if isinstance(value, dict) else {"version": value}
    if given.get("workspace"):
        return
    source = next((f"{key} {given[key]}" for key in ("git", "registry", "registry-index") if key in given), None)
    if "path" in given and not source:
        source = outside(folder, str(given["path"]))
        if source is None:
            return
    asked = str(given.get("version", ""))
    manifest.add(CARGO, str(given.get("package", name)), asked, exact=exact(asked, "="), source=source)


# ---- PHP ----------------------------------------------------------------------------------------------------------

_PLATFORM = re.compile(r"(?:php(?:-.*)?|hhvm|ext-.*|lib-.*|composer(?:-.*)?)$")


def from_composer(text: str, folder: str = "") -> Manifest:
    """Read composer.json: packages, other repositories, scripts and plugins that may run."""
    document, manifest = json.loads(text or "{}"), Manifest()
    if not isinstance(document, dict):
        raise TypeError("it is not a JSON object")
    for key in ("require", "require-dev"):
        for name, asked in table(document, key).items():
            if not _PLATFORM.match(name):
                manifest.add(COMPOSER, name, asked, exact=exact(str(asked)))
    repositories = document.get("repositories") or []
    for one in repositories.values() if isinstance(repositories, dict) else repositories:
        url = str(table({"one": one}, "one").get("url", ""))
        if not url.startswith(".") or outside(folder, url):
            manifest.origins.append(f"repository {json.dumps(one)}")
    manifest.origins += [f"script {name}: {json.dumps(run)}" for name, run in table(document, "scripts").items()]
    plugins = table(document, "config").get("allow-plugins")
    manifest.origins += [f"allow-plugins {json.dumps(plugins)}"] if plugins else []
    return manifest


def locked_licences(text: str) -> dict[str, tuple[str, str]]:
    """Return (version, licence) by package, as composer.lock says. Errors: ValueError."""
    lock = json.loads(text or "{}")
    packages = [one for key in ("packages", "packages-dev") for one in items(table({"lock": lock}, "lock").get(key))]
    return {
        str(one.get("name")): (str(one.get("version", "")).removeprefix("v"), " OR ".join(items(one.get("license"))))
        for one in packages
        if isinstance(one, dict) and one.get("license")
    }


# ---- conda --------------------------------------------------------------------------------------------------------

_CONDA = re.compile(r"(?:(?P<channel>[^:\s]+)::)?(?P<name>[\w.-]+)\s*(?P<asked>(?:[=<>!~].*|\[.*\])?)")


def from_environment(text: str, folder: str = "") -> Manifest:
    """Read a conda environment: its packages, its channels, and the pip requirements in it."""
    import yaml

    try:
        document = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    if not isinstance(document, dict):
        raise TypeError("it is not a mapping")
    manifest = Manifest(origins=[f"channel {one}" for one in items(document.get("channels"))])
    for one in items(document.get("dependencies")):
        if isinstance(one, dict):
            listed = python.from_lines("\n".join(map(str, items(one.get("pip")))), folder)
            manifest.packages += listed.packages
            manifest.origins += listed.origins
            manifest.includes += listed.includes
        elif match := _CONDA.fullmatch(str(one).strip()):
            if match["name"] not in {"python", "pip"}:
                source = f"channel {match['channel']}" if match["channel"] else None
                manifest.add(CONDA, match["name"].lower(), match["asked"], exact=exact(match["asked"]), source=source)
        else:
            manifest.unread.append(str(one))
    return manifest
