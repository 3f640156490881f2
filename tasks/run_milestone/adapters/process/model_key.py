"""Put the key of a model into the headers that carry one, and keep it out of the answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CARRIES_A_KEY = re.compile(r"authorization|([a-z0-9-]+-)?(api-?key|access-token|auth-token|subscription-key)")
"""Names of headers. A host may repeat any other in what it says of an error, and so hand the key over."""


def put_in(headers: Iterable[tuple[str, str]], stand_in: str, key: str) -> dict[str, str]:
    """Return the headers with the key in the place of its stand-in, where it belongs."""
    return {
        name: value.replace(stand_in, key) if _CARRIES_A_KEY.fullmatch(name.lower()) else value
        for name, value in headers
    }


def is_compressed(headers: Iterable[tuple[str, str]]) -> bool:
    """Return whether the headers of an answer say that its text is not sent as it is, though nobody asked for that."""
    plain = {"content-encoding": {"", "identity"}, "transfer-encoding": {"", "chunked"}}
    return any(value.strip().lower() not in plain.get(name.lower(), {value.strip().lower()}) for name, value in headers)


def kept_out(pieces: Iterable[bytes], key: str) -> Iterator[bytes]:
    """Yield the pieces of an answer with stars for the key, also where it is cut. Nothing else waits for more."""
    secret, rest = key.encode(), b""
    for piece in pieces:
        text = (rest + piece).replace(secret, b"*" * len(secret))
        begun = next((size for size in range(len(secret) - 1, 0, -1) if text.endswith(secret[:size])), 0)
        yield text[: len(text) - begun]
        rest = text[len(text) - begun :]
    yield rest
