"""What is shown holds no secret, and nothing that acts on its reader."""

from __future__ import annotations

import base64
import json
import re
import sys
import time
import unicodedata
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from run_milestone.core.text import for_markdown, for_record, for_terminal, for_title

CANARY = "C4nary/+ü &\"9z'%"


@pytest.fixture(autouse=True)
def canary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOY_TOKEN", CANARY)


@pytest.mark.parametrize(
    "write",
    [
        str,
        quote,
        quote_plus,
        lambda value: quote(value, safe=""),
        lambda value: json.dumps(value)[1:-1],
        lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    ],
)
def test_an_environment_secret_is_redacted_in_every_form(write):
    assert for_record(f"before {write(CANARY)} after") == "before [redacted] after"


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("before", ["", "x", "me", "bot", "x-access-token:"])
@pytest.mark.parametrize("after", ["", "@", "\n"])
def test_it_goes_from_within_base64_too(encode, before, after):
    head, tail = for_record(encode(f"{before}{CANARY}{after}".encode()).decode()).split("[redacted]")
    assert len(head) <= len(before) * 4 / 3 + 1
    assert len(tail) <= 4


def test_each_line_of_a_multiline_secret_is_redacted(monkeypatch):
    monkeypatch.setenv("SIGNING_PRIVATE_KEY", "first-line-of-it\nsecond-line-of-it\n")
    assert for_record("| second-line-of-it |") == "| [redacted] |"


def test_a_later_secret_goes_from_known_texts(monkeypatch):
    text = "the answer is plover-5f1d9e"
    assert for_record(text) == for_record(text) == text
    with monkeypatch.context() as later:
        later.setenv("LATER_TOKEN", "plover-5f1d9e")
        assert for_record(text) == "the answer is [redacted]"
    assert for_record(text) == text


@pytest.mark.parametrize(("name", "value"), [("EDITOR", "a-long-value"), ("MY_TOKEN", "short")])
def test_other_variables_and_short_words_stay(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert for_record(f"uses {value} here") == f"uses {value} here"


@pytest.mark.parametrize(
    "secret",
    [
        "ghp_" + "a1B2" * 9,
        "gho_" + "a1B2" * 9,
        "github_pat_11ABCDEFG0_" + "a1B2" * 10,
        "glpat-" + "a1B2" * 5,
        "AKIA" + "Q3ZX" * 4,
        "xoxb-" + "1234567890-abcdef",
        "npm_" + "a1B2" * 9,
        "pypi-AgEIcHlwaS5vcmc" + "a1B2" * 9,
        "sk-proj-" + "a1B2" * 8,
        "sk-ant-api03-" + "a1B2" * 8,
        "sk_live_" + "a1B2" * 6,
        "rk_test_" + "a1B2" * 6,
        "AIza" + "a1B2c" * 7,
        "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0." + "c2lnbmF0dXJl",
        *("nvapi-" + "a1B2" * 16, "pcsk_" + "a1B2" * 16, "secret_" + "a1B2" * 10 + "a1B", "hvs." + "a1B2" * 6),
        *("live_" + "a1B2" * 8, "ATBB" + "a1B2" * 8, "cfut_" + "a1B2" * 10, "e2b_" + "a1b2" * 10),
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc=\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\\nMIIEpAIBAAKCAQEAabcdefgh\\n-----END PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "b3BlbnNzaC1rZXktdjEAAAAA\n" * 3,
    ],
)
@pytest.mark.parametrize("around", ["{}", "key={} and", '"{}",', "\x1b[32m{}\x1b[0m", "(https://forge.example/{})"])
def test_well_known_shapes_go_wherever_they_stand(secret, around):
    shown = for_record(around.format(secret))
    assert "[redacted]" in shown
    assert secret[-12:] not in shown
    assert secret[12:24] not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://bot:hunter2@forge.example/a.git", "https://[redacted]@forge.example/a.git"),
        ("postgresql+psycopg://app:p@ss@db:5432/users", "postgresql+psycopg://[redacted]@db:5432/users"),
        ("https://forge.example/x?access_token=abc&page=2", "https://forge.example/x?access_token=[redacted]&page=2"),
        ("Authorization: Basic dXNlcjpwdw==", "Authorization: Basic [redacted]"),
    ],
)
def test_credentials_in_urls_and_headers_are_redacted(text, shown):
    assert for_record(text) == shown


PASSWORD = "Hq8vTz3LpWx9mRtB"
NAMED = (
    *("export DB_PASSWORD={}", "PASSWORD='{}'", "MY_TOKEN={} run", "spring.datasource.password={}", "password: {}"),
    *('{{"client_secret": "{}"}}', '{{\\"apiKey\\": \\"{}\\"}}', "{{'password': '{}'}}", "connect(password='{}')"),
    *(
        "cmd --token {}",
        "cmd --api-key={}",
        "curl -u admin:{} https://x",
        "docker login -u me -p {}",
        "mysql -uroot -p{} db",
    ),
    *("X-Api-Key: {}", "PRIVATE-TOKEN: {}", "Set-Cookie: sid={}; Path=/", "machine h login u password {}"),
    *("db.host:5432:app:user:{}", "//r/:_password={}", '"auth": "{}"', "CREATE USER x IDENTIFIED BY '{}'"),
    *(
        "<password>{}</password>",
        "Server=x;User Id=sa;Password={};",
        "password%3D{}",
        "::add-mask::{}",
        "me:$apr1$ab${}",
    ),
    *("RAILS_MASTER_KEY={}", "SEGMENT_WRITE_KEY={}", "DD-APPLICATION-KEY: {}", "Authorization: GenieKey {}"),
    *("set_token('{}')", 'setPassword("{}")', '{{"name": "DB_PASSWORD", "value": "{}"}}', "your token is {}"),
    *("https://x/y?key={}", "https://x/y?auth={}", "https://maker.ifttt.com/trigger/x/with/key/{}XYZ9"),
)


@pytest.mark.parametrize("form", NAMED)
def test_a_name_gives_a_credential_away(form):
    assert PASSWORD not in for_record(form.format(PASSWORD))


@pytest.mark.parametrize(
    "honest",
    [
        "live_migration_of_virtual_machines_between_hosts2",
        "the key is in the drawer, and the token is next",
        "set_token(request.headers)",
        "def login(token: str, password2: str) -> Token:",
        "token = request.token_v2",
        "password = get_password_v2(user1)",
        "API_KEY = os.environ['API_KEY_V2']",
        "def set_cookie(self, cookie: Cookie, *args: Any) -> None:",
        "--token-file path1/x2, then tests/test_password1.py::test_reset2",
        "git@github.com:acme/users.git",
        "ssh://git@github.com/acme/users.git",
        "sqlite:///users.db",
        "http://localhost:8080/health",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "feature/m4.1-03-task-2024-of-the-sanitizer-disk-cleanup-0001",
        "authorization: only admins may call it",
        "tests/test_tokens.py::test_refresh_token PASSED",
        "    --- PASS: FuzzFromBytes/seed#0 (0.00s)",
        '"Output":"--- PASS: TestVersion4Random (0.00s)\\n"',
    ],
)
def test_honest_text_stays(honest):
    assert for_record(honest) == honest


hostile = st.text(alphabet=st.sampled_from([*"\x1b\r\n\t \\:#[`~!<&;@/|'a1.-=?", "\u202e", "\u200b", "\x9b", "\ud800"]))
tokens = st.sampled_from(
    [*"@:/ \n#`\\", "a1", CANARY, "ghp_" + "a" * 20, "https://", "?token=", "bearer ", "-----BEGIN PRIVATE KEY-----"]
)


@given(st.one_of(st.text(), hostile, st.lists(tokens, max_size=12).map("".join)))
def test_saying_it_twice_changes_nothing(text):
    for once in (for_record, for_terminal, for_markdown):
        assert once(once(text)) == once(text)


def test_no_character_that_acts_unseen_survives():
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    acting = {sign for sign in for_terminal(every) if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert acting == {"\n", "\t"}


def test_what_was_taken_out_can_still_be_read():
    assert for_terminal("\x1b[2Jgone \u202etxt.exe\x9b1A \ud800\U000e0041") == (
        r"\x1b[2Jgone \u202etxt.exe\x9b1A \ud800\U000e0041"
    )
    assert for_terminal("50 %\r100 %\r\nfertig ✓ größer ⚠️ 日本\n") == "50 %\\x0d100 %\nfertig ✓ größer ⚠️ 日本\n"


@pytest.mark.parametrize(
    "command",
    ["::set-output name=a::b", "  ::add-mask::x", "\u00a0::stop-commands::t", "##[group]x", "a ##vso[task.complete]"],
)
def test_no_line_acts_as_a_workflow_command(command):
    for line in for_terminal(f"said\n{command}\nend").split("\n"):
        assert not line.strip().startswith("::")
        assert not re.search(r"##\w*\[", line)


@given(st.one_of(st.text(), hostile, st.text(alphabet="@#`\\<a1 &;|")))
@example("x ` y @bob")
@example("\\`@bob`")
@example("`a`@bob")
@example("`a | @bob`")
@example("\\\\@bob#1#2")
@example("&#64;bob")
@example("@0@0")
@example("#1@bob")
@example("é@bob")
def test_nothing_acts_outside_code_spans(text):
    shown = re.sub(r"(?<![`\\])`[^`|\n]+`(?!`)", "\0", for_markdown(text))
    assert "`" not in shown
    assert not re.search(r"(?<!\w)@[A-Za-z0-9]", shown, re.ASCII)
    assert not re.search(r"#\d|<|!\[|&(?!amp;|lt;)#?\w{1,32};", shown)
    assert not re.search(r"^\s*~~~", shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Closes #295, fixes acme/users#3", "Closes `#295`, fixes `acme/users#3`"),
        ("thanks @octocat and @acme/core", "thanks `@octocat` and `@acme/core`"),
        ("resolves https://github.com/acme/users/issues/4", "resolves `https://github.com/acme/users/issues/4`"),
        ("/approve", "`/approve`"),
        ("<!-- run-milestone:m4.1:03 --><details>", "&lt;!-- run-milestone:m4.1:03 -->&lt;details>"),
        ("*@octocat* __@acme/core__ _@ada_", "*`@octocat`* __`@acme/core__` _`@ada_`"),
        ("use `<b>` and `@cache` in src/users.py#L15, ask me@example.org", None),
    ],
)
def test_mentions_and_references_in_markdown_do_nothing(text, shown):
    assert for_markdown(text) == (shown or text)


def test_a_code_span_forges_no_mark():
    assert "<!--" not in for_markdown("`<!-- run-milestone:m4.1:03 -->`")


@pytest.mark.parametrize(
    "piece", ["a", "://", ":", "\\", "`", "#", "eyJ", "sk-", "-----BEGIN PRIVATE KEY-----", "https://a/issues/"]
)
def test_a_flood_takes_no_more_than_its_length(piece):
    began = time.process_time()
    for_markdown(piece * (200_000 // len(piece)))
    assert time.process_time() - began < 2  # a tenth of it is used; a pattern that backtracks takes minutes


@pytest.mark.parametrize("write", [for_title, for_markdown])
@pytest.mark.parametrize(
    "words",
    [
        *("[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]", "[Skip CI]", "[ci-skip]"),
        *(
            "`[skip ci]`",
            "[skip  ci]",
            "[ skip ci ]",
            "[skip_ci]",
            "[skip azp]",
            "[travis skip]",
            "[skip deploy]",
            "***NO_CI***",
        ),
    ],
)
def test_no_text_leaves_a_change_unchecked(write, words):
    shown = write(f"feat: add {words} a colour")
    assert "[" not in shown
    assert "***" not in shown
    assert f"({words.strip('`[]* ')})" in shown


def test_no_trailer_leaves_a_change_unchecked():
    assert "skip-checks:" not in for_markdown("Done.\n\n\nskip-checks: true")
    assert for_title("list [ci] and [skip the queue]") == "list [ci] and [skip the queue]"
