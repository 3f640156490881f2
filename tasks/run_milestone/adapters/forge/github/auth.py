"""Find the operator's token, and make the environments in which gh runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ....core.text import register_secret
from .repo_url import HOME

if TYPE_CHECKING:
    from pathlib import Path

    from .repo_url import Address

_PASSED = ("PATH", "LANG", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")
_OPERATORS = ("HOME", "XDG_CONFIG_HOME", "GH_CONFIG_DIR", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
_QUIET = {
    "GH_PROMPT_DISABLED": "1",
    "GH_NO_UPDATE_NOTIFIER": "1",
    "GH_NO_EXTENSION_UPDATE_NOTIFIER": "1",
    "GH_SPINNER_DISABLED": "1",
    "GH_TELEMETRY": "false",
    "NO_COLOR": "1",
    "TERM": "dumb",
    "GOGC": "400",  # gh ends before collecting its start-up's garbage pays: a fifth of every call
}


def token_names(host: str) -> tuple[str, ...]:
    """Return the variables from which gh takes a token for this host, in their order."""
    if host == HOME or host.endswith(".ghe.com"):
        return ("GH_TOKEN", "GITHUB_TOKEN")
    return ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")


def token_of(host: str) -> str | None:
    """Return the token in this process's environment."""
    token = next((os.environ[name].strip() for name in token_names(host) if os.environ.get(name, "").strip()), None)
    register_secret(token or "")
    return token


def operator_environment() -> dict[str, str]:
    """Return the environment in which gh finds the operator's own login and settings."""
    return {**_base(), **{name: os.environ[name] for name in _OPERATORS if name in os.environ}}


def sealed_environment(address: Address, token: str, folder: Path) -> dict[str, str]:
    """Return the environment of every other call: the token, no home, and only the settings in `folder`."""
    home = {"HOME": str(folder), "GH_CONFIG_DIR": str(folder), "GH_HOST": address.host}
    return {**_base(), **home, token_names(address.host)[0]: token}


def _base() -> dict[str, str]:
    kept = {*_PASSED, *_PROXIES, *map(str.lower, _PROXIES)}
    passed = {name: value for name, value in os.environ.items() if name in kept or name.startswith("LC_")}
    return {"PATH": os.defpath, **passed, **_QUIET}
