"""Secrets: found in what is added, named by kind, never shown. All values here are made up and put together here."""

import pytest

from run_milestone.checks.secrets import check, scan
from run_milestone.model import Kind, Severity

AWS = "AKIA" + "QWERTYUIOPASDFGH"
GITHUB = "ghp_" + "a1B2" * 9
FINE_GRAINED = "github_pat_" + "11ABCDEFG0" * 8
SLACK = "xoxb-" + "123456789012-" * 2 + "abcdefghij"
STRIPE = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
JWT = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0" + ".c2lnbmF0dXJl"
PYPI = "pypi-" + "AgEIcHlwaS5vcmc" + "A1b2" * 20
NPM = "npm_" + "a1B2" * 9
PASSWORD = "s3cr3t" + "-word"

KINDS = {
    f'key = "{AWS}"': "AWS Access Key",
    f'token = "{GITHUB}"': "GitHub Token",
    f"GH_TOKEN={FINE_GRAINED}": "GitHub Token",
    f"token: glpat-{'a1B2c' * 4}": "GitLab Token",
    f"SLACK = '{SLACK}'": "Slack Token",
    f"stripe({STRIPE})": "Stripe Access Key",
    f"Authorization: Bearer {JWT}": "JSON Web Token",
    "-----BEGIN RSA PRIVATE " + "KEY-----": "Private Key",
    f"postgresql://app:{PASSWORD}@db.internal:5432/users": "Basic Auth Credentials",
    f"//registry.npm.invalid/:_authToken={NPM}": "NPM Token",
    f"password = {PYPI}": "PyPI Token",
    f"AIza{'a1B2c3D' * 5}": "Google API Key",
}


@pytest.mark.parametrize(("line", "kind"), KINDS.items(), ids=KINDS.values())
def test_every_kind_is_found_where_it_is_added_and_its_value_is_not_told(world, line, kind):
    change = world.change({"src/a.py": "one\ntwo\n"}, {"src/a.py": f"one\n{line}\ntwo\n"})
    (finding,) = check(change)
    assert (finding.kind, finding.severity, finding.path, finding.line) == (
        Kind.SECRET,
        Severity.CRITICAL,
        "src/a.py",
        2,
    )
    assert finding.message == f"{kind} in the change"
    assert not any(value in str(finding) for value in (AWS, GITHUB, SLACK, STRIPE, JWT, PASSWORD, NPM, PYPI))


def test_every_added_file_counts_also_tests_and_binaries(world):
    files = {"tests/test_a.py": f"x = '{GITHUB}'\n", "data.bin": b"\0\1" + GITHUB.encode(), "notes.md": f"{AWS}\n"}
    assert [(finding.path, finding.line) for finding in check(world.change({}, files))] == [
        ("data.bin", None),
        ("notes.md", 1),
        ("tests/test_a.py", 1),
    ]


def test_what_was_there_before_or_goes_away_is_not_the_changes(world):
    change = world.change(
        {"a.py": f"x = '{GITHUB}'\ny = 1\n", "b.py": f"{AWS}\n"}, {"a.py": f"x = '{GITHUB}'\n", "b.py": ""}
    )
    assert list(check(change)) == []


@pytest.mark.parametrize(
    "line",
    [
        'url = f"postgresql://{user}:{password}@{host}/db"',
        "postgresql://user:$PASSWORD@db/x",
        "driver://user:pass@host/database",
        "postgresql://postgres:postgres@localhost:5432/test",
        "https://ada:wonder@example.com/",
        "https://docs.invalid/a:b/c@2x.png",
        'password = "hunter2"',
        "sha256:" + "a1b2c3d4" * 8,
        "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc",
        "token = os.environ['GITHUB_TOKEN']",
        "eyJhbGciOi.not-json.x",
    ],
)
def test_what_only_looks_like_a_secret_is_not(line):
    assert scan(line) == ()


def test_a_comment_cannot_switch_it_off(world):
    change = world.change({}, {"a.py": f"x = '{GITHUB}'  # pragma: allowlist secret\n"})
    assert len(list(check(change))) == 1


def test_a_scan_gives_the_value_for_redaction_but_never_shows_it():
    (secret,) = scan(f"one\nurl = https://ada:{PASSWORD}@git.internal/x\n")
    assert (secret.value, secret.line) == (PASSWORD, 2)
    assert PASSWORD not in repr(secret)


@pytest.mark.parametrize("filler", ["/", "eyJ", "a:", "://a:", "MNO", "aws key "])
def test_a_very_long_hostile_line_takes_seconds_and_hides_nothing(filler):
    line = filler * (60_000 // len(filler))
    assert [secret.type for secret in scan(f"{line} {GITHUB} {line}") if "GitHub" in secret.type] == ["GitHub Token"]
