"""Reads manifests: which packages a project asks for, and where they come from."""

from __future__ import annotations

import configparser
import posixpath
from typing import TYPE_CHECKING

from ..file_types import is_requirements
from . import compiled, javascript, jvm_ruby, python
from .package import Dependency, Manifest, by_name

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Dependency", "Manifest", "by_name", "is_manifest", "licences", "read"]

_READERS: dict[str, Callable[[str, str], Manifest]] = {
    "pyproject.toml": python.from_pyproject,
    "setup.py": python.from_setup_py,
    "setup.cfg": python.from_setup_cfg,
    "Pipfile": python.from_pipfile,
    "environment.yml": compiled.from_environment,
    "environment.yaml": compiled.from_environment,
    "package.json": javascript.from_package_json,
    "go.mod": compiled.from_go_mod,
    "Cargo.toml": compiled.from_cargo,
    "composer.json": compiled.from_composer,
    "Gemfile": jvm_ruby.from_gemfile,
    "gems.rb": jvm_ruby.from_gemfile,
    "pom.xml": jvm_ruby.from_pom,
    "build.gradle": jvm_ruby.from_gradle,
    "build.gradle.kts": jvm_ruby.from_gradle,
    "settings.gradle": jvm_ruby.from_gradle,
    "settings.gradle.kts": jvm_ruby.from_gradle,
    "libs.versions.toml": jvm_ruby.from_catalogue,
}


def is_manifest(path: str) -> bool:
    """Tell whether the file lists packages in a form that is read here."""
    return posixpath.basename(path) in _READERS or is_requirements(path)


def read(path: str, text: str) -> Manifest:
    """Return what a manifest asks for. A file that nobody knows by its name is a list of requirements.

    Errors: ValueError or TypeError with what is wrong with it.
    """
    folder, name = posixpath.split(path)
    reader = _READERS.get(name, python.from_lines)
    try:
        return reader(text, folder) if text.strip() else Manifest()
    except (AttributeError, KeyError, SyntaxError, configparser.Error) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def licences(path: str, text: str) -> dict[str, tuple[str, str]]:
    """Return (version, licence) by package, as a lock file says. Errors: ValueError."""
    if posixpath.basename(path) == "composer.lock":
        return compiled.locked_licences(text)
    return javascript.locked_licences(text)
