"""Resolve the URLs that the operator's own git would fetch from and push to, by its rules."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from .operator_config import OperatorConfig

_URL = re.compile(r"[^/]*:.*", re.DOTALL)
"""A URL, `host:path` or `helper::address`, as git tells it from a path: by a colon before any slash."""


@dataclass(frozen=True, slots=True)
class RemoteUrls:
    """The literal URLs of the run's remote: `push` is the first of those that a push goes to, `mirrors` the rest.

    `fetch` is where the operator's git fetches from, `written` what the configuration or the plan says.
    """

    push: str
    fetch: str
    written: str
    mirrors: tuple[str, ...] = ()
    name: str | None = None

    @property
    def all(self) -> tuple[str, ...]:
        """Every way to write the remote, the one that is pushed to first."""
        return tuple(dict.fromkeys((self.push, self.fetch, self.written)))


def remote_urls(config: OperatorConfig, remote: str | None, repository: Path, embedded: Path, root: Path) -> RemoteUrls:
    """Return the URLs of `remote`: a remote's name, a URL, or a path relative to `root`.

    None means the remote that a plain `git push` of a new branch uses, and `embedded` where there is none.

    Errors: UsageError where there is no such remote, or where pushing is switched off.
    """
    name = _default(config) if remote is None else remote
    if name is None:
        return RemoteUrls(str(embedded), str(embedded), str(embedded))
    if name in config.remotes:
        return _named(config, name, repository)
    if not _is_path(name):
        return _literal(config, name)
    if "/" in name or name.startswith("."):
        place = str(root / name)  # an absolute path stays as it is
        return RemoteUrls(place, place, place)
    known = ", ".join(config.remotes) or "none"
    raise UsageError(
        f"The repository has no remote called {name!r} (it has: {known}).",
        "Name one of them, a path or a URL in the plan under `repository: {remote: …}`.",
    )


def _default(config: OperatorConfig) -> str | None:
    wanted = config.value("remote.pushdefault")
    return next((name for name in (wanted, "origin") if name in config.remotes), None)


def _named(config: OperatorConfig, name: str, repository: Path) -> RemoteUrls:
    urls, pushes = (config.values(f"remote.{name}.{key}") for key in ("url", "pushurl"))
    if pushes and not pushes[-1]:
        raise _switched_off(name, "")
    written = (urls or pushes)[0]
    aliases = tuple(to for url in urls if (to := _rewritten(config, url, "pushinsteadof")) is not None)
    aimed = tuple(_aliased(config, url) for url in pushes) or aliases or tuple(_aliased(config, url) for url in urls)
    places = tuple(_place(url, repository) for url in aimed)
    for place in places if pushes else ():
        if _is_path(place) and not (repository / place).exists():
            raise _switched_off(name, place)
    return RemoteUrls(places[0], _place(_aliased(config, written), repository), written, places[1:], name)


def _literal(config: OperatorConfig, url: str) -> RemoteUrls:
    fetch, push = _aliased(config, url), _rewritten(config, url, "pushinsteadof")
    return RemoteUrls(push or fetch, fetch, url)


def _switched_off(name: str, place: str) -> UsageError:
    return UsageError(
        f"Pushes to {name} are switched off: its push URL is {place!r}, and nothing is there.",
        f"Set another one (`git remote set-url --push {name} URL`), "
        "or name another remote, a path or a URL in the plan under `repository: {remote: …}`.",
    )


def _place(url: str, repository: Path) -> str:
    """Return a URL as it is, and a relative path as git finds it: from the top of the repository."""
    return str((repository / url).resolve()) if _is_path(url) and (repository / url).exists() else url


def _is_path(url: str) -> bool:
    return not _URL.fullmatch(url)


def _aliased(config: OperatorConfig, url: str) -> str:
    return _rewritten(config, url, "insteadof") or url


def _rewritten(config: OperatorConfig, url: str, rule: str) -> str | None:
    """Return a URL rewritten by the rule with the longest prefix, as git does; None where none fits."""
    rules = (
        (prefix, key.removeprefix("url.").removesuffix(f".{rule}"))
        for key, prefix in config.entries
        if key.startswith("url.") and key.endswith(f".{rule}") and url.startswith(prefix)
    )
    best = max(rules, key=lambda pair: len(pair[0]), default=None)
    return best[1] + url[len(best[0]) :] if best else None
