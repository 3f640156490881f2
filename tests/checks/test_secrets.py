"""Secrets: found in what is added, named by kind, never shown. All values here are made up and put together here."""

import base64
import hashlib
import re

import pytest

from run_milestone.checks.secrets import check, pieces, scan
from run_milestone.core.secret_shapes import SHAPES, shapes_in
from run_milestone.core.text import for_record
from run_milestone.model import Kind, Limits, Severity

AWS = "AKIA" + "QWERTYUIOPASDFGH"
GITHUB = "ghp_" + "a1B2" * 9
FINE_GRAINED = "github_pat_" + "11ABCDEFG0" * 8
SLACK = "xoxb-" + "123456789012-" * 2 + "abcdefghij"
STRIPE = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
JWT = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0" + ".c2lnbmF0dXJl"
JWT_HEADER = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
SAMPLE_PAYLOAD = "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ"
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
    "-----BEGIN RSA PRIVATE " + "KEY-----\\n" + "MIIEpQIBAAKCAQEAq7" * 3: "Private Key",
    "aws_secret_access_key = " + "wJq3rXUtnFqMI/K7MDqNG/bPxRfiCYqZ9Qm2Lk0v": "AWS Secret Key",
    "redis://:" + "x9Qm2Lk0vPq@cache.acme.invalid-corp.net:6379/0": "Password in a URL",
    f"postgresql://app:{PASSWORD}@db.internal:5432/users": "Password in a URL",
    f"//registry.npm.invalid/:_authToken={NPM}": "NPM Token",
    f"password = {PYPI}": "PyPI Token",
    f"AIza{'a1B2c3D' * 5}": "Google API Key",
}


@pytest.mark.parametrize(("line", "kind"), KINDS.items(), ids=KINDS.values())
def test_every_kind_of_secret_is_found(world, line, kind):
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


def test_old_and_removed_secrets_are_no_findings(world):
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
        "DATABASE_URL: postgresql://postgres:postgres@db:5432/app",
        "amqp://guest:guest@rabbitmq:5672//",
        "redis://:redispass@redis:6379",
        "mysql://app:app@127.0.0.1/app",
        "http://user:secret@host.docker.internal/",
        "https://your-user:your-token@git.acme.net/x",
        "AKIA" + "IOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY",
        "AWS_SECRET_ACCESS_KEY=testing",
        "GH_TOKEN=ghp_" + "x" * 36,
        "GH_TOKEN=ghp_" + "1234567890" + "abcdefghijklmnopqrstuvwxyz",
        'PEM = "-----BEGIN PRIVATE ' + 'KEY-----"',
        'if line.startswith("-----BEGIN RSA PRIVATE ' + 'KEY-----"):',
        f"jwt = {JWT_HEADER}.{SAMPLE_PAYLOAD}.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
        'SECRET_KEY = "only-for-the-tests-0a8f"',
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


def test_a_scan_never_shows_the_value():
    (secret,) = scan(f"one\nurl = https://ada:{PASSWORD}@git.internal/x\n")
    assert (secret.value, secret.line) == (PASSWORD, 2)
    assert PASSWORD not in repr(secret)


@pytest.mark.parametrize("filler", ["/", "eyJ", "a:", "://a:", "MNO", "aws key "])
def test_a_long_hostile_line_hides_nothing(filler):
    line = filler * (60_000 // len(filler))
    assert [secret.type for secret in scan(f"{line} {GITHUB} {line}") if "GitHub" in secret.type] == ["GitHub Token"]


HEX, LETTERS = "0a8f3c1e9b7d2465", "kQ7wZp2LxV9mRt4B"
SHAPED = {
    "Anthropic API Key": "sk-ant-api03-" + LETTERS * 6,
    "Atlassian Token": "ATATT3" + LETTERS * 8,
    "DigitalOcean Token": "dop_v1_" + HEX * 4,
    "Databricks Token": "dapi" + HEX * 2,
    "Doppler Token": "dp.pt." + LETTERS * 2 + "a1b2c3d4e5f",
    "GitLab Token": "glrt-" + LETTERS * 2,
    "Google OAuth Secret": "GOCSPX-" + LETTERS + "a1b2c3d4e5f6",
    "Grafana Token": "glsa_" + LETTERS * 2 + "_0a8f3c1e",
    "Hugging Face Token": "hf_" + "kQwZpLxVmRtB" * 3,
    "Linear API Key": "lin_api_" + LETTERS * 2 + "a1b2c3d4",
    "New Relic Key": "NRAK-" + "K7WZP2LXV9MRT4BQ7WZP2LXV9MR",
    "Pulumi Token": "pul-" + HEX * 2 + HEX[:8],
    "RubyGems Token": "rubygems_" + HEX * 3,
    "Shopify Token": "shpat_" + HEX * 2,
    "Slack Webhook": "https://hooks.slack" + ".com/services/" + "T0A8F3C1E/B9B7D2465/" + LETTERS + "a1b2c3d4",
    "Telegram Bot Token": "7312345698:AA" + LETTERS * 2 + "a",
    "Twilio API Key": "SK" + HEX * 2,
    "Vault Token": "hvs." + LETTERS * 6,
}


@pytest.mark.parametrize(("kind", "token"), SHAPED.items(), ids=SHAPED)
def test_tokens_are_recognised_by_their_shape(kind, token):
    for line in (f"key={token}", f'  "key": "{token}",', f"# {token} is the key"):
        assert [secret.type for secret in scan(line)] == [kind], line
        assert token[-12:] not in for_record(line), "redaction knows the same shapes"


def test_short_texts_are_looked_up_alike():
    for kind, token in SHAPED.items():
        for line in (token, f"see {token}", token[:-9], kind):
            padded = f"{line}{' ' * 300}"
            assert [name for name, _ in shapes_in(line)] == [name for name, _ in shapes_in(padded)], line


def test_no_shape_takes_long_on_a_hostile_line():
    for name, letters, pattern in SHAPES:
        for piece in pieces((letters + "a1") * 2000):
            assert not re.search(pattern + r"\Z\Anever", piece), name


def test_a_multiline_key_is_found_at_its_header(world):
    key = "-----BEGIN PRIVATE " + "KEY-----\n" + ("MIIEvQIBADANBgkqhkiG9w0BAQ\n" * 3)
    (finding,) = check(world.change({}, {"deploy/key.pem": f"one\n{key}"}))
    assert (finding.message, finding.line) == ("Private Key in the change", 2)


def test_a_text_in_another_encoding_is_searched(world):
    (finding,) = check(world.change({}, {"notes.txt": f"token {GITHUB}".encode("utf-16")}))
    assert finding.message == "GitHub Token in the change"


TOKEN = "ghp_" + LETTERS * 2 + "a1b2"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("secret.yaml", f"data:\n  token: {base64.b64encode(TOKEN.encode()).decode()}\n"),
        ("notes.txt", base64.urlsafe_b64encode(f"login\n{TOKEN}\n".encode()).decode()),
        ("dump.txt", TOKEN.encode().hex()),
        (f"{TOKEN}.txt", "empty\n"),
        (".netrc", "machine api.acme.invalid-corp.net login me password x9Qm2Lk0vPq\n"),
        ("id.ppk", "PuTTY-User-Key-File-2: ssh-rsa\n"),
    ],
)
def test_a_secret_in_another_form_is_found(world, name, text):
    findings = list(check(world.change({}, {name: text})))
    assert findings
    assert TOKEN not in repr(findings)


def test_hashes_and_pictures_are_no_encoded_secrets(world):
    digest = hashlib.sha512(b"x").digest()
    lock = f'"integrity": "sha512-{base64.b64encode(digest).decode()}"\n{digest.hex()}\n'
    assert list(check(world.change({}, {"package-lock.json": lock}))) == []


@pytest.mark.parametrize("start", [b"\xfe\xed\xfe\xed\0\0\0\2", b"0\x82\x09\x51\2\1\3\0"])
def test_a_key_store_is_never_taken_as_searched(world, start):
    (finding,) = check(world.change({}, {"store.bin": start + bytes(range(256))}))
    assert "may be a key store, so it was not searched" in finding.message


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.zip", b"PK\3\4"),
        ("a.tar.gz", b"\x1f\x8b\0"),
        ("a.xz", b"\xfd7zXZ\0"),
        ("a.z", b"x\x9c\0"),
        ("a.lzma", b"\x5d\0\0"),
    ],
)
def test_an_archive_is_never_taken_as_searched(world, name, start):
    (finding,) = check(world.change({}, {name: start + b"\0more"}))
    assert (finding.kind, finding.message.partition(",")[0]) == (Kind.TOOL, f"{name} is an archive")


def test_a_binary_that_cannot_be_read_is_told(world):
    world.read = lambda commit, path: None
    (finding,) = check(world.change({}, {"a.bin": b"\0\1"}))
    assert (finding.kind, finding.message.partition(",")[0]) == (Kind.TOOL, "a.bin cannot be read")


def test_a_large_binary_within_the_limit_is_told(world):
    change = world.change({}, {"a.bin": b"\0" * 1_000_001}, limits=Limits(bytes=2_000_000))
    assert [finding.message.partition(",")[0] for finding in check(change)] == ["a.bin is larger than 1"]
