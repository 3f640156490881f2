"""redaction: the one place that takes secrets out of text, and makes the text of strangers inert."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator

REDACTED = "[redacted]"

# Patterns stay text until they are used (re keeps them compiled), because every command imports this room.
_TELLING = r"(?i)TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|_KEY$|CREDENTIAL"
_SHORTEST = 8
"""Characters; a shorter value is a word that honest text may hold too."""

# The order counts: what can hold a space or a slash goes before the URL it may be part of.
_BLOCKS = (
    r"(?s)-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?:(?!-----BEGIN).){0,16384}?-----END [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----"
    r"|(?:(?:\s|\\[nr])*[A-Za-z0-9+/=]{16,})*)"  # an end that was cut off
)
_URLS = r"://([^\s/?#\"'<>]{1,1024})@"
_NAMED = r"""(?ix)
    ( [?&;] (?: \w{0,20}_?token | api_?key | client_secret | secret | password | passwd | pwd | sig(?:nature)?
              | x-amz-signature ) =
    | \b authorization ["']? \s{0,4} [:=] \s{0,4} ["']? (?: (?: bearer | basic | token ) \s{1,4} | (?= \S{16} ) )
    | \b bearer \s{1,4} (?= [\w.~+/-]{16} )
    | aws_? secret_? (?: access_? )? key \W{1,5} (?= [A-Za-z0-9/+]{40} )
    | hooks\.slack\.com/services/
    ) [^\s"'&<>]+"""
_SHAPES = r"""(?x)
      gh[pousr]_ [A-Za-z0-9]{16,} | github_pat_ \w{16,} | glpat- [\w-]{16,}
    | (?: AKIA | ASIA ) [A-Z0-9]{16} (?! [A-Z0-9] )
    | xox[a-z] - [\w-]{10,} | xapp- [\w-]{10,}
    | eyJ [\w-]{8,512} \. eyJ [\w-]{8,} \. [\w-]*
    | npm_ [A-Za-z0-9]{30,} | pypi- [\w-]{32,}
    | (?: (?<! [A-Za-z0-9] ) | (?<= \dm ) | (?<= \[m ) )  # a colour may stand before it
      (?: sk- (?= [A-Za-z_-]{0,64} \d ) [\w-]{20,} | [rs]k_ (?: live | test ) _ [A-Za-z0-9]{10,} )
    | whsec_ [A-Za-z0-9+/=]{16,} | AIza [\w-]{35} | SG\. [\w-]{16,} \. [\w-]{16,} | hf_ [A-Za-z0-9]{30,}
    """


_LEARNED: set[str] = set()


def learn(secret: str) -> None:
    """Take `secret`, which is in no variable of this process's environment, out of every text from now on."""
    if secret:
        _LEARNED.add(secret)


def redact(text: str) -> str:
    """Return `text` without the secrets of this process's environment and without anything shaped like a secret.

    A secret of the environment (by its name) goes in every form it is known to travel in: as it is, URL-encoded,
    inside JSON, and as part of a base64 text.
    """
    if len(text) < len("?pwd=x"):
        return text  # nothing that is taken out is shorter; most of what is recorded is
    text = re.sub(_BLOCKS, REDACTED, text)
    known = (os.environ.get(name, "") for name in _secret_names(tuple(os.environb)))
    for form in _forms((*known, *sorted(_LEARNED))):
        text = text.replace(form, REDACTED)
    text = re.sub(_URLS, _without_user, re.sub(_NAMED, rf"\1{REDACTED}", text))
    return re.sub(_SHAPES, REDACTED, text)


@functools.lru_cache(maxsize=8)
def _secret_names(names: tuple[bytes, ...]) -> tuple[str, ...]:
    """Return which of the environment's names tell of a secret; asked for every text, so remembered."""
    return tuple(name for name in map(os.fsdecode, names) if re.search(_TELLING, name))


@functools.lru_cache(maxsize=8)
def _forms(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return every form of the secrets, longest first, so that none is cut by a shorter one."""
    whole = {line.strip() for value in values for line in (value, *value.splitlines())}
    forms = {form for value in whole if len(value) >= _SHORTEST for form in _written(value)}
    return tuple(sorted((form for form in forms if form not in REDACTED * 2), key=len, reverse=True))


def _written(value: str) -> Iterator[str]:
    import base64
    import json
    from urllib.parse import quote, quote_plus

    raw = value.encode("utf-8", "surrogateescape")
    yield from (value, quote(raw), quote(raw, safe=""), quote_plus(raw), json.dumps(value)[1:-1])
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    for before in range(3):  # bytes of the group of three that are not the secret's: base64("user:secret")
        first, last = (before * 8 + 5) // 6, (before + len(raw)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(b"\0" * before + raw)[first:last].decode()


def _without_user(match: re.Match[str]) -> str:
    """Take the password out of a URL, or a user name that is long enough to be a token; `git@` stays."""
    user = match[1]
    return f"://{REDACTED}@" if ":" in user or len(user) >= 20 else match[0]


# ---- the text of strangers ------------------------------------------------------------------------------------
