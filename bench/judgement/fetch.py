"""Fetch releases by the clients of their registries, and keep them, so that a second run needs no network."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .projects import Project

PATIENCE = 300
_UNUSABLE = "\n[dependencies.core]\n"
"""A dependency of the standard library's own build in Debian's crates; no registry has it."""


class NotFetchedError(Exception):
    """A release cannot be had here."""


def fetch(project: Project, version: str, store: Path) -> Path:
    """Return a folder with the files of a release.

    Errors: NotFetchedError where the registry does not give it.
    """
    folder = store / f"{project.name}-{version.rpartition('=')[2]}"
    if not folder.is_dir():
        beside = folder.with_name(f".{folder.name}")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        unpacked = {"pypi": _sdist, "npm": _package, "debian": _crate}[project.registry](project.name, version, beside)
        for pattern in project.drop:
            for path in [*unpacked.rglob(pattern)]:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        unpacked.rename(folder)
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def lock(before: Path, after: Path) -> None:
    """Pin what a Node project needs: the second release starts from the lock file of the first."""
    for folder in (before, after):
        if (folder / "package.json").is_file() and not (folder / "package-lock.json").is_file():
            first = before / "package-lock.json"
            if folder is after and first.is_file():
                shutil.copy(first, folder)
            words = ["--package-lock-only", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]
            call(["npm", "install", "--silent", *words], folder)


def _sdist(name: str, version: str, folder: Path) -> Path:
    words = ["download", "--quiet", "--no-deps", "--no-binary=:all:", f"{name}=={version}", f"--dest={folder}"]
    pip = [sys.executable, "-m", "pip", *words]
    try:
        call([*pip, "--no-build-isolation"], folder)  # much quicker, where what builds it is installed
    except NotFetchedError:
        call(pip, folder)
    return _unpacked(next(folder.glob("*.tar.gz")))


def _package(name: str, version: str, folder: Path) -> Path:
    call(["npm", "pack", "--silent", f"{name}@{version}"], folder)
    return _unpacked(next(folder.glob("*.tgz")))


def _crate(name: str, version: str, folder: Path) -> Path:
    package, _, number = version.partition("=")
    call(["apt-get", "download", "--quiet", package], folder)
    call(["dpkg-deb", "-x", str(next(folder.glob("*.deb"))), "deb"], folder)
    crate = folder / f"deb/usr/share/cargo/registry/{name}-{number}"
    manifest = crate / "Cargo.toml"
    text = manifest.read_text(encoding="utf-8")
    head, found, rest = text.partition(_UNUSABLE)
    manifest.write_text(head + rest[rest.index("\n\n") :] if found else text, encoding="utf-8")
    return crate


def _unpacked(archive: Path) -> Path:
    with tarfile.open(archive) as tar:
        tar.extractall(archive.parent, filter="data")
    return next(path for path in archive.parent.iterdir() if path.is_dir())


def call(command: list[str], folder: Path) -> str:
    """Run a client of a registry, or git, and return what it printed.

    Errors: NotFetchedError where it fails.
    """
    try:
        done = subprocess.run(
            command, cwd=folder, check=True, capture_output=True, encoding="utf-8", errors="replace", timeout=PATIENCE
        )
    except subprocess.CalledProcessError as error:
        raise NotFetchedError(f"{' '.join(command[:4])}: {error.stderr.strip()[-300:]}") from error
    except (OSError, subprocess.SubprocessError) as error:
        raise NotFetchedError(f"{' '.join(command[:4])}: {error}") from error
    return done.stdout
