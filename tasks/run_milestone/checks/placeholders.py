"""Tells values that only look like a credential: placeholders, well-known samples, passwords of local services."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

_TEMPLATE = re.compile(r"[{<%$\[].*|.*(?:\$\{|\{\{|<[\w -]+>|%\().*", re.DOTALL)
_WORDS = re.compile(
    r"example|change[-_ ]?(?:me|this|it)|your[-_ ]|placeholder|dummy|fake|sample|redacted|replace[-_ ]?(?:me|this|with)"
    r"|x{5,}|\*{3,}|\.{3,}|0{8,}|not[-_ ]?(?:a[-_ ]?)?(?:real|secret)|insecure|foobar|deadbeef|testing",
    re.IGNORECASE,
)
_THROW_AWAY = re.compile(
    r"[*x.]+|(?:my|the|some|test|dev|local|db)?[-_]?(?:pass(?:word|wd|phrase)?|pwd|pw|secret|user|name|token|key)\d{0,3}"
    r"|test(?:ing)?\d*|admin|root|guest|foo|bar|baz|hunter2|letmein|qwerty|none|null|todo|credentials?",
    re.IGNORECASE,
)
_LOCAL = re.compile(
    r"localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[?::1\]?|host\.docker\.internal"
    r"|(?:[\w-]+\.)*(?:example|test|invalid|localhost|local)|(?:[\w-]+\.)*example\.\w+",
    re.IGNORECASE,
)
_SERVICES = re.compile(
    r"(?:[a-z]+[-_])?(?:db|database|postgres(?:ql)?|pg|mysql|mariadb|mssql|sqlserver|oracle|mongo(?:db)?|redis|valkey"
    r"|cache|memcached|rabbit(?:mq)?|amqp|kafka|nats|elastic(?:search)?|opensearch|clickhouse|cassandra|neo4j|minio|s3"
    r"|mail(?:hog|pit)?|smtp|ldap|proxy|broker|queue|server|service|host(?:name)?|app|api|web)(?:[-_]?[a-z0-9]+)?",
    re.IGNORECASE,
)
"""Names that services have inside of one compose file or test job."""


def is_placeholder(value: str) -> bool:
    """Tell a template, a value that says that it is none, and one letter or a row of letters repeated."""
    if _TEMPLATE.fullmatch(value) or _WORDS.search(value):
        return True
    body = re.sub(r"[^A-Za-z0-9]", "", value)[-24:].lower()
    return len(set(body)) <= 3 or body[-12:] in "abcdefghijklmnopqrstuvwxyz0123456789abcdef"


def is_throw_away(password: str, user: str = "") -> bool:
    """Tell a password that documentation and tests use."""
    return is_placeholder(password) or bool(_THROW_AWAY.fullmatch(password)) or password.lower() == user.lower() != ""


def is_local(host: str, password: str, user: str) -> bool:
    """Tell a host that nobody else reaches; a bare service name only with a password nobody would guard."""
    name = host.rpartition(":")[0] if re.search(r":\d*\Z", host) and not host.endswith("]") else host
    if _LOCAL.fullmatch(name):
        return True
    if "." in name or not name:
        return not name
    return is_throw_away(password, user) or (bool(_SERVICES.fullmatch(name)) and _is_simple(password))


def _is_simple(password: str) -> bool:
    kinds = sum(bool(re.search(kind, password)) for kind in ("[a-z]", "[A-Z]", r"\d", r"[^\w]"))
    return len(password) < 12 or kinds < 3


def is_sample_token(token: str) -> bool:
    """Tell a JSON Web Token that is none, or that documentation uses."""
    header, payload = (_part(part) for part in token.split(".")[:2])
    if not (isinstance(header, dict) and "alg" in header and isinstance(payload, dict)):
        return True
    return payload.get("name") == "John Doe" or payload.get("iss") == "supabase-demo" or len(token.split(".")[2]) < 8


def _part(text: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        return None
