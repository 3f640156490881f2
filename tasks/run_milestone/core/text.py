"""Sanitise text for the place it goes to: a record, a terminal, Markdown, a title or HTML."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator

from .named_secrets import without_named
from .secret_shapes import shapes_in

REDACTED = "[redacted]"

# Patterns stay text until they are used (re keeps them compiled), because every command imports this module.
_SENSITIVE_NAME = r"(?i)TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|_KEY$|CREDENTIAL"
_SHORTEST = 8
"""Characters. A shorter value is a word that honest text may hold too."""
_SHORT = 256
"""Characters of a text whose redaction is remembered."""

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


_REGISTERED: set[str] = set()
_ENVIRONMENT = getattr(os.environb, "_data", os.environb)
"""The variables of this process. Python's own table of them tells their names ten times as fast."""


def register_secret(secret: str) -> None:
    """Redact `secret`, which no environment variable of this process holds, in every text from now on."""
    if secret:
        _REGISTERED.add(secret)


def for_record(text: str) -> str:
    """Return `text` without the secrets of this process's environment and without anything shaped like a secret.

    A secret of the environment (by its name) goes in every form it is known to travel in: as it is, URL-encoded,
    inside JSON, and as part of a base64 text. Every other function here does the same first.
    """
    if len(text) < len("?pwd=x"):
        return text  # no secret is shorter, and most recorded texts are
    known = (os.environ.get(name, "") for name in _secret_names(tuple(_ENVIRONMENT)))
    redact = _redacted_once if len(text) <= _SHORT else _redacted
    return redact(text, (*known, *sorted(_REGISTERED)))


def _redacted(text: str, known: tuple[str, ...]) -> str:
    text = re.sub(_BLOCKS, REDACTED, text)
    for form in _secret_forms(known):
        text = text.replace(form, REDACTED)
    text = re.sub(_URLS, _without_user, re.sub(_NAMED, rf"\1{REDACTED}", text))
    text = re.sub(_SHAPES, REDACTED, text)
    for _, shape in shapes_in(text):
        text = shape.sub(REDACTED, text)
    return without_named(text, REDACTED)


_redacted_once = functools.lru_cache(maxsize=1 << 15)(_redacted)
"""A large milestone says the same short texts again and again."""


@functools.lru_cache(maxsize=8)
def _secret_names(names: tuple[bytes, ...]) -> tuple[str, ...]:
    """Return the variables whose names say that they hold a secret. Cached, because every text asks."""
    return tuple(name for name in map(os.fsdecode, names) if re.search(_SENSITIVE_NAME, name))


@functools.lru_cache(maxsize=8)
def _secret_forms(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return every form of the secrets, longest first, so that none is cut by a shorter one."""
    whole = {line.strip() for value in values for line in (value, *value.splitlines())}
    forms = {form for value in whole if len(value) >= _SHORTEST for form in _encodings(value)}
    return tuple(sorted((form for form in forms if form not in REDACTED * 2), key=len, reverse=True))


def _encodings(value: str) -> Iterator[str]:
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


_CONTROL = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1, ESC and CSI among them
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # bidi, unseen, tags
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001345f"  # other format characters
    "\ud800-\udfff]"  # halves of characters, which no stream can print
)


_WORKFLOW = r"(?m)^([^\S\n]*)::|#(#\w{0,32}\[)"


def for_terminal(text: str) -> str:
    r"""Return `text` with what controls a terminal or a CI log escaped (`\x1b`, `\u202e`, `\::error::`)."""
    text = re.sub(_CONTROL, _escaped, re.sub(r"\r+\n", "\n", for_record(text)))
    return re.sub(_WORKFLOW, lambda match: f"#\\{match[2]}" if match[2] else f"{match[1]}\\::", text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_MARKUP = r"""(?xmia)
      (?P<code> (?<! [`\\] ) ` [^`|\n]+ ` (?! ` ) )   # a table would cut a span at its |
    | (?P<tick> ` )
    | (?P<fence> (?<! [\\~] ) ~{3,} )
    | (?P<image> ! (?= \[ ) )
    | (?P<tag> < )
    | (?P<entity> & (?! (?: amp | lt ) ; ) (?= \#? \w{1,32} ; ) )
    | (?<! \\ ) \\* (?P<acts>
        (?: (?<! [a-z0-9] ) @ [a-z0-9] [\w-]* (?: [./] [\w-]+ )*          # a mention, also in emphasis
          | (?: (?<! [\w./-] ) [\w./-]{1,140} )? \# \d+ | \b GH- \d+     # a reference, that `Closes` would close
          | https?:// [^\s<>`|]{1,200} / (?: issues | pull | discussions ) / \d+
          | ^ / [\w-]+ (?! [\w/-] )                                      # a bot's command
        ) (?: [^\s`|<@\#]{0,99} [@\#] [\w-]+ )*                          # and what comes to act once this is wrapped
      )
    """


_SERVICES = (
    r"ci|cd|actions|builds?|pipelines?|deploy(?:s|ment)?|checks?|tests?|lint|review|azurepipelines|azp|travis(?:\sci)?"
    r"|circle(?:ci)?|netlify|vercel|render|cloudflare|cf-pages|jenkins|drone|appveyor|buildkite|semaphore|bitrise"
    r"|codemagic|woodpecker|cirrus|sonar|codecov|gitlab|github"
)
_SKIPS = rf"""(?xi)
      \[ \s* (?P<tag> (?: skip | no ) [\s_-]* (?:{_SERVICES}) | (?:{_SERVICES}) [\s_-]* skip ) \s* \]
    | \*{{3}} (?P<stars> NO_CI ) \*{{3}}
    | \b (?P<trailer> skip[-_]checks ) \s* :
    """
"""Words in brackets, and the other forms, by which CI services leave a commit or a pull request unchecked."""


def without_skips(text: str) -> str:
    """Return `text` without the words by which CI leaves a commit or a pull request unchecked."""
    return re.sub(_SKIPS, _unskipped, text)


def _unskipped(match: re.Match[str]) -> str:
    return f"{match['trailer']} =" if match["trailer"] else f"({match['tag'] or match['stars']})"


def for_markdown(text: str) -> str:
    """Return `text` for a PR or a comment: mentions, references and commands become code spans, HTML becomes text.

    Only the reference of `Closes #7` is wrapped, so that it does not act in a squashed commit's message either.
    """
    return re.sub(_MARKUP, _inert, without_skips(for_terminal(text))).replace("``", "` `")


def for_title(text: str) -> str:
    """Return `text` for a title or a commit's subject, where only mentions and references act: they are quoted."""
    return re.sub(
        _MARKUP, lambda match: f"`{match['acts']}`" if match["acts"] else match[0], without_skips(for_terminal(text))
    )


def for_html(text: str) -> str:
    """Return `text` as the content of an HTML element or attribute."""
    import html

    return html.escape(for_terminal(text))


def _inert(match: re.Match[str]) -> str:
    if match["acts"]:
        return f"`{match['acts']}`"
    if match["code"]:
        return match["code"].replace("<!--", "&lt;!--")
    if match["fence"]:
        return "\\" + match["fence"]
    return {"`": "'", "!": "!\\", "<": "&lt;", "&": "&amp;"}[match[0]]
