"""Of a setup that failed, the line that tells why is said, whichever tool wrote it, and wherever it stands."""

import pytest

from run_milestone.adapters.process import Result
from run_milestone.steps.workplace import said


@pytest.mark.parametrize(
    ("out", "err", "reason"),
    [
        ("", "ERROR: No matching distribution\nWARNING: pip is old\n", "ERROR: No matching distribution"),
        (
            "",
            "error: Failed to build\n  cause: it said\n  pdm.ConfigError: No version\nhint: see",
            "pdm.ConfigError: No version",
        ),
        (
            "  - Installing idna (3.4)\n\n    | Unable to find candidates for idna (3.4)\n    | \n    | Solutions:\n",
            "Creating virtualenv shop in .venv\n",
            "Unable to find candidates for idna (3.4)",
        ),
        ("", "npm error code E404\nnpm error 404 Not Found\nnpm error A complete log\n", "npm error 404 Not Found"),
        ("line one\nlast line\n", "", "last line"),
        ("40 checks: 40 passed, 0 failed\nfailures=0\nno disk is left\n", "", "no disk is left"),
        ("12 passed, 2 failed, 0 errors\nbye\n", "", "12 passed, 2 failed, 0 errors"),
        ("Errors: 0\nerror count: 0\nthe hook of shop ended with 3\n", "", "the hook of shop ended with 3"),
        ("", "npm warn Could not resolve dependency\nnpm warn failed\nkilled\n", "killed"),
        ("", "[WARN] cache: access denied\n(warning) not found: docs\nCannot write lib\n", "Cannot write lib"),
        ("", "npm warn old\nsh: 1: node-gyp: not found\n", "sh: 1: node-gyp: not found"),
    ],
    ids=[
        *("pip", "uv", "poetry", "npm", "silent", "none failed", "some failed", "no error"),
        *("npm warns", "warnings", "shell"),
    ],
)
def test_the_reason_of_a_failed_setup(out, err, reason):
    assert said(Result(("tool",), 1, out, err, "", 0.1)) == reason
