"""Who owns a path by CODEOWNERS, and which lines are skipped as GitHub skips them."""

import pytest

from run_milestone.policy.codeowners import parse


@pytest.mark.parametrize(
    ("text", "path", "owners"),
    [
        ("* @ada\n*.js @grace\n", "src/a.js", ("@grace",)),
        ("* @ada\n/docs/* @grace\n", "docs/api/a.md", ("@ada",)),
        ("* @ada\napps/ @acme/web\n", "x/apps/a.py", ("@acme/web",)),
        ("* @ada\n/apps/free\n", "apps/free/a.py", ()),
        ("* @ada # and not @grace\n", "a.py", ("@ada",)),
        ("* @ada\n  # @grace\n", "a.py", ("@ada",)),
        ("my\\ file.txt ada@example.com\n", "my file.txt", ("ada@example.com",)),
        ("/docs/* @ada\n", "docs/my file.md", ("@ada",)),
        ("/src/** @ada\n", "src/a\nb.py", ("@ada",)),
        ("* @ada\nfile.txt @grace\n", "my file.txt", ("@ada",)),
        ("my\\ file.txt @ada\n", "docs/my file.txt", ("@ada",)),
        ("", "a.py", ()),
        ("Src/ @ada\n", "src/a.py", ()),
    ],
)
def test_the_last_match_owns_a_path(text, path, owners):
    assert parse("CODEOWNERS", text).of([path]) == (owners,)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("*.py ada", "Invalid owner on line 2: *.py ada"),
        ("*.py @ada @", "Invalid owner on line 2: *.py @ada @"),
        ("*.py @acme/web/x", "Invalid owner on line 2: *.py @acme/web/x"),
        ("!*.py @grace", "Invalid pattern on line 2: !*.py @grace"),
        ("[ab].py @grace", "Invalid pattern on line 2: [ab].py @grace"),
        ("[unfinished @grace", "Invalid pattern on line 2: [unfinished @grace"),
        ("\\#a.py @grace", "Invalid pattern on line 2: \\#a.py @grace"),
        ("[Section]", "Invalid pattern on line 2: [Section]"),
    ],
)
def test_an_invalid_line_is_named_and_skipped(line, problem):
    owners = parse("CODEOWNERS", f"*.py @ada\n{line}\n")
    assert owners.problems == (problem,)
    assert owners.of(["a.py"]) == (("@ada",),)


def test_a_pattern_with_a_space_names_nobody():
    assert parse("CODEOWNERS", "docs/my\\ file.md @acme/web\n").names == ("@acme/web",)
