"""Make the environment that a program starts with: a few variables of this process, and for untrusted ones a home."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.fs import temporary_folder
from ...core.text import register_secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CERTIFICATES = (
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "PIP_CERT"),
)
"""Variables that name the certificates by which a company's network is trusted. A box shows what they name."""
_PASSED = ("PATH", "LANG", "TZ", "VIRTUAL_ENV", "TMPDIR", *CERTIFICATES)


def trusted_environment(env: Mapping[str, str], trees: str | None = None) -> dict[str, str]:
    """Return the environment of a trusted program; `trees` as `search_path` takes it."""
    return {**environment(trees), "HOME": os.path.expanduser("~"), **env}


@contextmanager
def temporary_home(login: Sequence[str] = ()) -> Iterator[dict[str, str]]:
    """Make a home, and beside it a folder for temporary files. Returns the variables that name them.

    The home holds nothing but copies of the files in the person's home that `login` names.

    With a home below TMPDIR codex runs no command, and still ends with 0.
    """
    with temporary_folder("home-") as folder:
        places = {"HOME": os.path.join(folder, "home"), "TMPDIR": os.path.join(folder, "tmp")}
        for place in places.values():
            os.mkdir(place)
        for name in login:
            _copy_login(Path.home() / name, Path(places["HOME"], name))
        yield places


def _copy_login(file: Path, to: Path) -> None:
    """Copy a file that holds a login, and redact what it holds from now on."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    for secret in re.findall(r"[^\s\"':,{}]{20,}", text):
        register_secret(secret)
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(text, encoding="utf-8")
    to.chmod(0o600)


def environment(trees: str | None = None) -> dict[str, str]:
    """Return the part of this process's environment that every child gets; `trees` as `search_path` takes it."""
    passed = {name: value for name, value in os.environ.items() if name in _PASSED or name.startswith("LC_")}
    return {**passed, "PATH": search_path(trees), "TERM": "dumb"}


def search_path(trees: str | None = None) -> str:
    """Return PATH without the folders in which an agent can plant programs.

    Those are relative ones, which name the tree's own where a program starts in a tree, and those of the issues' trees
    themselves: every path that begins with `trees`.
    """
    absolute = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder.startswith("/")]
    kept = [folder for folder in absolute if trees is None or not _real(folder).startswith(_real(trees))]
    return os.pathsep.join(kept) or os.defpath


def _real(path: str) -> str:
    return os.path.realpath(path)
