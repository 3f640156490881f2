"""Tell a test command that had no tests to run from one that failed, by what runners print."""

from __future__ import annotations

import re

_WORDS = (
    r"^NO TESTS RAN\b",  # unittest, Django
    r"^=* ?no tests ran in ",  # pytest, started by another program
    r"^no tests to run\b|^error: no tests to run$",  # cargo nextest
    r"\bno (?:valid )?test files? (?:were )?found\b|\bno tests? found\b|\bno tests were found\b",  # jest
    r"\bno specs? (?:files? )?(?:were )?found\b",  # jasmine, Cypress
    r"\bno test modules found\b|\b0 test files matching\b",  # deno, bun
    r"\bcouldn\W?t find any files to test\b",  # ava
    r"\bno packages to test\b|\bmatched no packages\b",  # go
    r"^no tests executed!|^no tests were executed\b|\bno tests were executed!",  # PHPUnit, surefire
    r"^(?:there are )?no tests to run\b",  # mix, surefire
    r"^0 examples, 0 failures\b",  # RSpec
    r"^0 runs, 0 assertions, 0 failures, 0 errors\b",  # minitest
)
_NOTHING_RAN = re.compile("|".join(_WORDS), re.IGNORECASE | re.MULTILINE)
_SOMETHING_FAILED = re.compile(
    r"^(?:FAIL|FAILED|ERROR|FAILURES?!)(?::|\b(?! No tests)) ?\S*$|\b[1-9]\d* (?:failed|failing|failures?|errors?)\b"
    r"|^(?:Failures|Errors|failed): *[1-9]|^not ok\b|^Traceback |^panicked at |^error\[E\d+\]|SyntaxError"
    r"|file or directory not found",
    re.IGNORECASE | re.MULTILINE,
)
_COLOUR = re.compile(r"\x1b\[[\d;]*m")


def nothing_ran(code: int | None, text: str) -> bool:
    """Return whether a test command ended in an error only because there were no tests.

    `text` is all it printed. Where it names a failure as well, it failed.
    """
    plain = _COLOUR.sub("", text)
    return bool(code and code > 0 and _NOTHING_RAN.search(plain) and not _SOMETHING_FAILED.search(plain))
