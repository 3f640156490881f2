"""Scope: what an issue may touch, what is sensitive, what is protected, and how patterns are meant."""

from dataclasses import replace

import pytest

from run_milestone.checks.scope import check
from run_milestone.core.globs import matches
from run_milestone.model import Kind, Paths, Severity


@pytest.mark.parametrize(
    ("pattern", "path", "meant"),
    [
        ("src/**", "src/a.py", True),
        ("src/**", "src/deep/er/a.py", True),
        ("src/**", "other/src/a.py", False),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/deep/a.py", False),
        ("**/*.py", "a.py", True),
        ("**/test_*.py", "x/y/test_a.py", True),
        ("src/**/models/*.py", "src/models/a.py", True),
        ("src/**/models/*.py", "src/x/y/models/a.py", True),
        ("src/users", "src/users/deep/a.py", True),
        ("src/users/", "src/users/a.py", True),
        ("src/users", "src/users_old/a.py", False),
        ("README.md", "README.md", True),
        ("*.md", "docs/README.md", False),
        (".github/**", ".github/workflows/tests.yml", True),
        ("a?c/[xy].py", "abc/x.py", True),
        ("src/*", "src/a/b.py", False),
        ("SRC/**", "src/a.py", False),
    ],
)
def test_patterns_mean_what_a_person_expects(pattern, path, meant):
    assert matches(path, (pattern,)) is meant


def test_files_outside_the_paths_are_findings(world, issue):
    narrow = replace(issue, paths=Paths(allow=("src/users/**", "tests/**"), forbid=("src/users/secret.py",)))
    after = dict.fromkeys(("src/users/a.py", "src/users/secret.py", "src/billing.py", "tests/test_a.py"), "x\n")
    findings = list(check(world.change({}, after, issue=narrow)))
    assert {finding.kind for finding in findings} == {Kind.SCOPE}
    assert {finding.severity for finding in findings} == {Severity.CRITICAL}
    assert [finding.message for finding in findings] == [
        "Outside the issue's paths: src/billing.py",
        "Forbidden for this issue: src/users/secret.py",
    ]


def test_moving_a_forbidden_file_touches_it(world, issue):
    narrow = replace(issue, paths=Paths(forbid=("core/**",)))
    change = world.change({"core/a.py": "x = 1\n"}, {"core/a.py": None, "src/a.py": "x = 1\n"}, issue=narrow)
    assert [finding.message for finding in check(change)] == ["Forbidden for this issue: core/a.py"]


def test_without_paths_everything_is_allowed(world):
    assert list(check(world.change({}, {"anything/at/all.py": "x\n"}))) == []


def test_sensitive_code_outside_the_scope_stops(world):
    topics = {"auth": ("src/auth/**",), "billing": ("src/billing/**",)}
    change = world.change(
        {}, {"src/auth/a.py": "x\n", "src/billing/b.py": "x\n"}, sensitive=topics, scope=("users", "auth")
    )
    assert [(finding.kind, finding.severity, finding.message) for finding in check(change)] == [
        (Kind.SENSITIVE, Severity.INFO, "Sensitive code (auth): src/auth/a.py"),
        (Kind.SCOPE, Severity.CRITICAL, "Sensitive code (billing): src/billing/b.py"),
    ]


def test_protected_surfaces_are_told(world):
    change = world.change({}, {".github/workflows/x.yml": "x\n", "deploy/prod.yml": "x\n", "src/a.py": "x\n"})
    assert [(finding.kind, finding.severity, finding.path) for finding in check(change)] == [
        (Kind.PROTECTED, Severity.WARNING, ".github/workflows/x.yml"),
        (Kind.PROTECTED, Severity.WARNING, "deploy/prod.yml"),
    ]
