"""Take out credentials that only their names give away: `DB_PASSWORD=…`, `--token …`, `"apiKey": "…"`."""

from __future__ import annotations

import re

_NAME = (
    r"pass(?:word|wd|phrase)?|pwd|secret(?:[_-]?(?:access)?[_-]?key)?|token|(?:api|access|private|account|license)[_-]?key"
    r"|shared_?access_?key|credentials?|client-key-data|[\"']auth|_auth|bindpw|private-mac|identified\s+by"
    r"|(?:secret|signing|encryption|write|app|master|routing|application|fastly|auth|functions|hmac)[_-]?key"
    r"|secret_key_base|x-honeycomb-team|api[_-]?secret|geniekey|sso-key|sonar\.login|reporter_id|nextauth_secret|salt|psk"
)
"""What a name ends with that holds a credential."""
_VALUE = r"(?=[^\s\"'<>]{0,400}?\d)(?=[^\s\"'<>]{0,400}?[A-Za-z])(?!(?-i:[a-z_]+[a-z0-9_]{0,16})(?![\w+/=-]))"
"""A credential has letters and digits, and is no short name of a variable."""
_BARE = _VALUE + r"[\w+/~=!@#%^*-]{8,}(?![\w.(\[])"
_QUOTED = _VALUE + r"[^\s\"'<>\\]{8,}"
_ASSIGNED = re.compile(
    rf"((?<!--- )(?:{_NAME})(?:\\?[\"'])?\s{{0,4}}(?::=|=>|[:=]|%3D|\s)\s{{0,4}})"  # `--- PASS: TestA1` is Go's
    rf"(?:(\\?[\"'])({_QUOTED})|(?<![\s]\s)({_BARE}))",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"(?i)(\b(?:set-)?cookie\s{0,2}:\s{0,2}[\w.-]{1,64}=)[^\r\n]{8,}"
    r"|(\s(?:-u|--user)[ =][\"']?[\w.@-]{1,64}:)[^\s\"']{4,}"
    r"|(\b(?:sshpass|docker\s+login\b[^\r\n]{0,80}?)\s-p\s?|\bmysql\w*\b[^\r\n]{0,80}?\s-p)[^\s\"']{4,}"
    r"|(\bmachine\s+\S{1,255}\s+login\s+\S{1,255}\s+password\s+)\S{4,}"
    r"|(^[\w.*-]{1,255}:(?:\d{1,5}|\*):[\w*-]{1,64}:[\w.*-]{1,64}:)\S{4,}"
    r"|(<(?:\w{0,20}password|secret|token|apikey)>)[^<\s]{4,}"
    r"|(::add-mask::)\S+"
    r"|([?&](?:key|auth|code|access_key|apikey)=)[^\s&\"']{16,}"
    r"|(\"(?:d|k|p|q|dp|dq|qi)\"\s?:\s?\")[\w-]{40,}"
    r"|(jdbc:oracle:thin:[\w-]{1,64}/)[^@\s]{4,}"
    r"|(\b(?:[sg]et)?_?(?:password|token|secret|api_?key)\(\s*[\"'])(?=[^\"'\s]*\d)[^\"'\s]{8,}"
    r"|(\b(?:key|name)\W{1,4}[\w.-]*(?:password|token|secret|api_?key)[\"']?\W{1,4}value\W{1,4})(?=\S*\d)[^\s\"'/>]{8,}"
    r"|(\b(?:token|password|passphrase|secret)\s+is\s+:?\s?)(?=\S*\d)[^\s\"']{8,}"
    r"|(/hooks/|maker\.ifttt\.com/trigger/\w{1,64}/with/key/|\.alchemy\.com/v2/|\.infura\.io/v3/)[\w-]{20,}"
    r"|(\b(?:password|passphrase|pin)\s?[:=]\s?\")(?=[^\"]*\d)[^\"\n]{6,}(?=\")"
    r"|(\bcommunity\s)(?=\S*\d)\S{10,}"
    r"|(\b(?:signature|response)=[\"']?)[0-9a-f]{32,}"
    r"|(\$(?:1|2[aby]|5|6|y|apr1|argon2\w{1,2})\$)[^\s:\"']{8,}"
    r"|(\b[MNO](?=[\w-]{23,26}\.[\w-]{6}\.))[\w-]{23,26}\.[\w-]{6}\.[\w-]{27,}",
    re.MULTILINE,
)
_HINTS = re.compile(
    r"(?i)pass|pwd|secret|token|key|cred|auth|cookie|bindpw|identified|-mac|mask|\s-[pu]|--user|signature|response|\$|\.[\w-]{6}\.|:\d"
)


def without_named(text: str, instead: str) -> str:
    """Return a text with every such credential replaced; its name stays."""
    if not _HINTS.search(text):
        return text
    text = _ASSIGNED.sub(lambda match: f"{match[1]}{match[2] or ''}{instead}", text)
    return _OTHERS.sub(lambda match: f"{match[match.lastindex or 0]}{instead}", text)
