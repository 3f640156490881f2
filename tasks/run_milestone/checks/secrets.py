"""Finds tokens and keys in what a change adds, before anything is pushed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..model import Finding, Kind, Severity
from .unavailable import missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model.change import ChangedFile
    from .change import Change

DETECTORS = {
    "aws": "AWSKeyDetector",
    "azure_storage_key": "AzureStorageKeyDetector",
    "basic_auth": "BasicAuthDetector",
    "discord": "DiscordBotTokenDetector",
    "github_token": "GitHubTokenDetector",
    "gitlab_token": "GitLabTokenDetector",
    "jwt": "JwtTokenDetector",
    "mailchimp": "MailchimpDetector",
    "openai": "OpenAIDetector",
    "private_key": "PrivateKeyDetector",
    "pypi_token": "PypiTokenDetector",
    "sendgrid": "SendGridDetector",
    "slack": "SlackDetector",
    "square_oauth": "SquareOAuthDetector",
    "stripe": "StripeDetector",
    "telegram_token": "TelegramBotTokenDetector",
    "twilio": "TwilioKeyDetector",
}
"""detect-secrets' plugins (module → class) for tokens with a shape of their own. Left out are those that go by
entropy, by a variable's name, or by shapes that ordinary words have (Artifactory, Cloudant, IBM, SoftLayer):
this stop cannot be approved, so it must not cry wolf."""

NEWER = {
    "GitHub Token": re.compile(r"github_pat_[A-Za-z0-9_]{60,}"),
    "Google API Key": re.compile(r"AIza[0-9A-Za-z_-]{35}"),
    "Anthropic API Key": re.compile(r"sk-ant-[A-Za-z0-9_-]{40,}"),
    "NPM Token": re.compile(r"npm_[A-Za-z0-9]{36}|:_authToken=\s*[A-Fa-f0-9-]{36}"),
}
"""Shapes that detect-secrets 1.5 does not know, and npm's, whose plugin is quadratic on hostile lines."""

BASIC_AUTH, JWT = "Basic Auth Credentials", "JSON Web Token"

_WINDOW, _OVERLAP = 4000, 1000
"""Characters; a longer line is scanned in overlapping pieces, so that no pattern can be made to take for ever."""

_PLACEHOLDER = re.compile(r"[{<%$].*|\*+|x+|\.+|pass(word|wd)?|pwd", re.IGNORECASE | re.DOTALL)
_LOCAL_URL = r"://[^\s/@]*:{}@(?:localhost|127\.0\.0\.1|\[::1\]|(?:[\w-]+\.)*example(?:\.\w+)?)(?![\w.-])"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret found in a text: its kind, the value (kept out of `repr`), and its line, counted from 1."""

    type: str
    value: str = field(repr=False)
    line: int


def check(change: Change) -> Iterator[Finding]:
    """Yield a critical finding per secret in the added lines; the message names its kind, never its value."""
    files = [file for file in change.files if file.added or (file.binary and file.after)]
    if not files:
        return
    if unmet := missing("secrets", "added lines were not scanned for secrets"):
        yield unmet
        return
    for file in files:
        for type_, line in dict.fromkeys(_found(change, file)):
            yield Finding(Kind.SECRET, Severity.CRITICAL, "secret", f"{type_} in the change", file.path, line)


def _found(change: Change, file: ChangedFile) -> Iterator[tuple[str, int | None]]:
    """Scan the added lines, or all of a binary file, where lines mean nothing."""
    if file.binary:
        yield from ((secret.type, None) for secret in scan(change.texts(file)[1]))
    for number, text in file.added:
        yield from ((secret.type, number) for secret in scan(text))


def scan(text: str) -> tuple[Secret, ...]:
    """Return every token-like secret in a text, in order of line and kind; nothing is asked over the network.

    Errors: ImportError where detect-secrets is not installed.
    """
    secrets = {
        Secret(type_, value, number): None
        for number, line in enumerate(text.split("\n"), 1)
        for piece in pieces(line)
        for type_, value in _matches(piece)
    }
    return tuple(secrets)


def pieces(line: str) -> Iterator[str]:
    """Yield a line whole, or in overlapping pieces where it is very long."""
    step = _WINDOW - _OVERLAP
    for start in range(0, max(len(line) - _OVERLAP, 1), step):
        yield line[start : start + _WINDOW]


def _matches(line: str) -> Iterator[tuple[str, str]]:
    for type_, pattern in _patterns():
        for match in pattern.finditer(line):
            value = match[1] if type_ == BASIC_AUTH else match[0]
            if not _harmless(type_, value, line):
                yield type_, value


def _harmless(type_: str, value: str, line: str) -> bool:
    """Tell what only looks like one: a template, the password of a machine nobody else reaches, a token of nothing."""
    if type_ == BASIC_AUTH:
        return bool(_PLACEHOLDER.fullmatch(value) or re.search(_LOCAL_URL.format(re.escape(value)), line))
    return type_ == JWT and not _plugin("jwt").is_formally_valid(value)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    plugins = [(plugin.secret_type, pattern) for plugin in map(_plugin, DETECTORS) for pattern in plugin.denylist]
    return (*plugins, *NEWER.items())


@cache
def _plugin(module: str) -> Any:
    return getattr(import_module(f"detect_secrets.plugins.{module}"), DETECTORS[module])()
