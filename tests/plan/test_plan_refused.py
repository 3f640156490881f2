"""A bad plan is refused with every error at once, each with its line and column."""

import os
import time

import pytest

from run_milestone.core.errors import ExitCode, PlanError

SHAPES = {
    "titel: x": "3:1: titel: is not a known key, did you mean title?",
    "zzz: x": "3:1: zzz: is not a known key, expected one of id, title, branch,",
    "scope: api": "3:8: scope: is 'api', expected a list of tags",
    "scope: [API]": "3:9: scope[0]: is 'API', expected a name of lower-case letters, digits and dashes",
    "scope:": "3:7: scope: is empty, expected a list of tags",
    "limits: {files: many}": "3:17: limits.files: is 'many', expected a number of 1 or more",
    "limits: {files: 0}": "3:17: limits.files: is 0, expected a number of 1 or more",
    "limits: {attempts: 101}": "3:20: limits.attempts: is 101, expected a number from 1 to 100",
    "commands: {test: []}": "3:18: commands.test: is empty, expected a list of a program and its arguments",
    "commands: {test: pytest -q}": "3:18: commands.test: is 'pytest -q', expected a list of a program",
    "database: users.db": "3:11: database: is 'users.db', expected a database URL",
    "agent: {kind: replay}": "3:8: agent: has no changes, expected a path inside the project",
    "agent: {kind: command}": "3:8: agent: has no command, expected a list of a program and its arguments",
    "agent: {kind: command, command: [x], pass_env: [A B]}": "3:49: agent.pass_env[0]: is 'A B', expected a name of",
    "agent: {kind: No One}": "3:15: agent.kind: is 'No One', expected a name of lower-case letters",
    "decisions: {reviw: [fix]}": "3:13: decisions.reviw: is not a known key, did you mean review?",
    "decisions: {review: [fixx]}": "3:22: decisions.review[0]: is 'fixx', expected one of fix, approve, retry,",
}

RULES = {
    "target: HEAD": "3:9: target: is 'HEAD', expected a name that does not begin with head, which git keeps",
    "branch: refs/heads/main": "3:9: branch: is 'refs/heads/main', expected a name that does not begin with refs,",
    "branch: main": "3:9: branch: is 'main', expected it apart from main",
    "branch: main/x": "3:9: branch: is 'main/x', expected it apart from main",
    "branch: Main": "3:9: branch: is 'Main', expected lower-case letters, digits, dots, dashes and slashes",
    "branch: a..b": "3:9: branch: is 'a..b', expected parts that are not empty,",
    "branch: a.lock": "3:9: branch: is 'a.lock', expected parts that are not empty,",
    "branch: a//b": "3:9: branch: is 'a//b', expected parts that are not empty,",
    "branch: a/.b": "3:9: branch: is 'a/.b', expected parts that are not empty,",
    "branch: a/-b": "3:9: branch: is 'a/-b', expected parts that are not empty,",
    "branch: a b": "3:9: branch: is 'a b', expected lower-case letters,",
    'branch: "a\\n"': "3:9: branch: is 'a\\n', expected lower-case letters,",
    "branch: -x": "3:9: branch: is '-x', expected lower-case letters,",
    "branch: feat": "7:28: phases[0].issues[0].title: makes the branch 'feat/m4.1-01-add-user-profile-endpoint', "
    "expected it apart from feat",
    "repository: {path: ../other}": "3:20: repository.path: is '../other', expected a path that stays inside",
    "repository: {sample: /etc}": "3:22: repository.sample: is '/etc', expected a path that stays inside",
    "repository: {remote: 'ext::sh -c id'}": "3:22: repository.remote: is 'ext::sh -c id', expected a remote's name",
    "repository: {remote: 'ext::sh'}": "3:22: repository.remote: is 'ext::sh', which names a program, expected",
    "repository: {remote: --upload-pack=id}": "3:22: repository.remote: is '--upload-pack=id', expected a remote's",
    "repository: {remote: 'https://me:pw@host/x'}": "3:22: repository.remote: holds a password, expected a URL without",
    "database: postgresql://me:pw@host/x": "3:11: database: holds a password, expected a URL without one",
    "agent: {kind: replay, changes: ../x}": "3:32: agent.changes: is '../x', expected a path that stays inside",
    "agent: {command: [codex]}": "3:18: agent.command: belongs to the agent command, expected kind: command",
    "agent: {kind: human, pass_env: [MODEL_KEY]}": "3:32: agent.pass_env: belongs to the agent command, expected",
    "agent: {kind: command, command: [x], pass_env: [MODEL_KEY, GH_TOKEN]}": "3:60: agent.pass_env[1]: is GH_TOKEN, "
    "which may lead to the forge's token, expected a variable of the program's own",
    "agent: {kind: command, command: [x], pass_env: [LD_PRELOAD]}": "3:49: agent.pass_env[0]: is LD_PRELOAD, which",
    "agent: {kind: command, command: [x], pass_env: [NODE_OPTIONS]}": "3:49: agent.pass_env[0]: is NODE_OPTIONS, which",
    "agent: {kind: human, network: [api.example.com]}": "3:31: agent.network: belongs to the agent command, expected",
    "agent: {kind: command, command: [x], network: []}": "3:47: agent.network: is empty, expected a list of hosts",
    "agent: {kind: command, command: [x], network: [api]}": "3:48: agent.network[0]: is 'api', expected a host's whole",
    "agent: {kind: command, command: [x], network: [10.0.0.1]}": "3:48: agent.network[0]: is '10.0.0.1', expected a",
    'agent: {kind: command, command: [x], network: ["*.example.com"]}': "3:48: agent.network[0]: is '*.example.com', ",
    'agent: {kind: command, command: [x], network: ["https://a.b"]}': "3:48: agent.network[0]: is 'https://a.b', ",
    'tree: {network: ["a.example.com:65536"]}': "3:18: tree.network[0]: is 'a.example.com:65536', expected a host's",
    "agent: {kind: command, command: [x], model: {host: a.example.com}}": "3:45: agent.model: has no key, expected",
    "agent: {use: codex, model: {host: a.example.com, key: GH_TOKEN}}": "3:55: agent.model.key: is GH_TOKEN, which may",
    "agent: {use: codex, pass_env: [AI_KEY], model: {host: a.example.com, key: AI_KEY}}": "3:32: agent.pass_env[0]: "
    "is AI_KEY, which `model` keeps outside, expected one of both",
    "agent: {use: claude, model: {host: a.example.com, key: AI_KEY, path: v1}}": "3:70: agent.model.path: is 'v1', ",
    "reviewers: [{name: x, command: [x], network: [here]}]": "3:47: reviewers[0].network[0]: is 'here', expected a",
    "commands: {pass_env: [PIP_INDEX_URL, PYTHONPATH]}": "3:38: commands.pass_env[1]: is PYTHONPATH, which decides",
    "tree: {services: [{ready: [x]}]}": "3:19: tree.services[0]: has no start, expected a list of a program",
    "tree: {services: [redis]}": "3:19: tree.services[0]: is 'redis', expected a mapping with start, ready and stop",
    "commands: {tset: [x]}": "3:12: commands.tset: is not a known key, did you mean test?",
    "commands: {web/**: {}}": "3:20: commands['web/**']: is empty, expected a mapping with test, lint, review",
    "commands: {web/**: {test: [x], tset: [x]}}": "3:32: commands['web/**'].tset: is not a known key, did",
    "commands: {web/**: {lint: [x]}}": "3:20: commands['web/**']: has no test, expected `test` here, or in",
    "commands: {../web/**: {test: [x]}}": "3:23: commands['../web/**']: is not inside the repository, expected a",
    "commands: {web/**: {test: [x], depends_on: [/etc/**]}}": "3:45: commands['web/**'].depends_on[0]: is '/etc/**', ",
    "commands: {pass_env: [gitlab_token]}": "3:23: commands.pass_env[0]: is gitlab_token, which may lead",
    "commands: {pass_env: [DRONE_TOKEN]}": "3:23: commands.pass_env[0]: is DRONE_TOKEN, which may lead",
    "commands: {pass_env: [BASH_ENV]}": "3:23: commands.pass_env[0]: is BASH_ENV, which decides",
    "agent: {kind: command, command: [x], pass_env: [CI_JOB_TOKEN]}": "3:49: agent.pass_env[0]: is CI_JOB_TOKEN, which",
    "sandbox: {kind: container}": "3:17: sandbox.kind: is 'container' without an image, expected `image:` beside it",
    "sandbox: {image: a}": "3:18: sandbox.image: is for containers alone, expected `kind: container` beside it",
    "sandbox: {kind: chroot}": "3:17: sandbox.kind: is 'chroot', expected",
    "sandbox: {read: [data]}": "3:18: sandbox.read[0]: is 'data', expected an absolute path",
    "sandbox: {read: [/]}": "3:18: sandbox.read[0]: is '/', expected an absolute path",
    "sandbox: {read: [/tmp/..]}": "3:18: sandbox.read[0]: is '/tmp/..', which holds",
    "sandbox: {limits: {memory: 16}}": "3:28: sandbox.limits.memory: is 16, expected a number of MiB from 256",
    "sandbox: {limits: {cpu: 0}}": "3:25: sandbox.limits.cpu: is 0, expected a number of seconds from 1",
    "sandbox: {limits: {disk: 0}}": "3:26: sandbox.limits.disk: is 0, expected a number of MiB from 1",
    "sandbox: {limits: {processes: 1}}": "3:31: sandbox.limits.processes: is 1, expected a number from 16",
    "sandbox: {limits: {idle: -1}}": "3:26: sandbox.limits.idle: is -1, expected a number of seconds from 1",
    "sandbox: {limits: {swap: 1}}": "3:20: sandbox.limits.swap: ",
    "sandbox: {network: {tools: some}}": "3:28: sandbox.network.tools: is 'some', expected",
    "reviewers: [{name: x, command: [x], pass_env: [HOME]}]": "3:48: reviewers[0].pass_env[0]: is HOME, which may lead",
    "agent: {kind: robot}": "3:15: agent.kind: is 'robot', expected one of human, command, replay",
    "forge: githb": "3:8: forge: is 'githb', expected one of github, local",
    "protected: [/etc/**]": "3:13: protected[0]: is '/etc/**', expected a path that stays inside the project",
    'sensitive: {auth: ["../**"]}': "3:20: sensitive.auth[0]: is '../**', expected a path that stays inside",
    "migrations: a/../../b": "3:13: migrations: is 'a/../../b', expected a path that stays inside the project",
    "decisions: {review: [fix, continue]}": "3:27: decisions.review[1]: is continue, which this stop does not offer, "
    "expected one of fix, approve, skip, abort",
}

ISSUES = {
    "{title: B}": "5:1: phases[0].issues[1]: has no number, expected a number from 1 to 9999",
    "{number: 2}": "5:1: phases[0].issues[1]: has no title, expected a text that is not empty",
    "{number: 2, title: ' '}": "5:20: phases[0].issues[1].title: is ' ', expected a text that is not empty",
    "{number: 0x2, title: B}": "5:10: phases[0].issues[1].number: is '0x2', expected a number from 1 to 9999",
    "{number: 2.0, title: B}": "5:10: phases[0].issues[1].number: is '2.0', expected a number from 1 to 9999",
    "{number: 2, title: B, slug: Two Words}": "5:29: phases[0].issues[1].slug: is 'Two Words', expected lower-case",
    '{number: 2, title: B, slug: "b\\n"}': "5:29: phases[0].issues[1].slug: is 'b\\n', expected lower-case words",
    "{number: 2, title: B, priority: P9}": "5:33: phases[0].issues[1].priority: is 'P9', expected one of P0, P1, P2,",
    "{number: 2, title: B, external: yes}": "5:33: phases[0].issues[1].external: is 'yes', expected true or false",
    "{number: 2, title: B, slgu: b}": "5:23: phases[0].issues[1].slgu: is not a known key, did you mean slug?",
    "{number: 2, title: B, criteria: [Fast: 1 s]}": "5:34: phases[0].issues[1].criteria[0].Fast: is not a known key,",
    "{number: 2, title: B, criteria: [It is: so]}": "5:34: phases[0].issues[1].criteria[0]['It is']: is not a known "
    "key, expected one of text, test; a text with a colon goes in quotes",
    "{number: 2, title: B, tests: all}": "5:30: phases[0].issues[1].tests: is 'all', expected a mapping with unit,",
    "{number: 01, title: B}": "5:10: phases[0].issues[1].number: is 1, which the issue in line 4 has already,",
    "{number: 2, github: 7, title: B}": "5:21: phases[0].issues[1].github: is 7, which the issue in line 4 has",
    "{number: 2, title: B, slug: first}": "5:29: phases[0].issues[1].slug: is first, which the issue in line 4 has",
    "{number: 2, title: B, depends_on: [2]}": "5:36: phases[0].issues[1].depends_on[0]: is 2, the issue itself,",
    "{number: 2, title: B, depends_on: [1, 9]}": "5:39: phases[0].issues[1].depends_on[1]: is 9, expected the number",
    "{number: 2, title: B, depends_on: [one]}": "5:36: phases[0].issues[1].depends_on[0]: is 'one', expected a number",
    "{number: 2, title: B, type: refs}": "5:29: phases[0].issues[1].type: makes the branch 'refs/m4.1-02-b', expected",
    "{number: 2, title: B, type: main}": "5:29: phases[0].issues[1].type: makes the branch 'main/m4.1-02-b', expected "
    "it apart from main",
    "{number: 2, title: B, spec: ../../x.md}": "5:29: phases[0].issues[1].spec: is '../../x.md', expected a path that",
    "{number: 2, title: B, spec: /etc/passwd}": "5:29: phases[0].issues[1].spec: is '/etc/passwd', expected a path",
    '{number: 2, title: B, spec: "a\\0b"}': "5:29: phases[0].issues[1].spec: is 'a\\x00b', expected a path that stays",
    "{number: 2, title: B, paths: {allow: [../x]}}": "5:39: phases[0].issues[1].paths.allow[0]: is '../x', expected a",
}


@pytest.mark.parametrize("line", SHAPES | RULES)
def test_one_bad_line(refusal, small, line):
    (errors,) = refusal(small.replace("phases:", f"{line}\nphases:", 1))
    assert errors.startswith((SHAPES | RULES)[line])


def test_a_plan_known_before_is_refused_alike(refusal, plan, with_issues, small, tmp_path):
    first = "{number: 1, github: 7, title: A, slug: first}"
    bad = [with_issues(first, issue) for issue in ISSUES]
    bad += [small.replace("phases:", f"{line}\nphases:", 1) for line in SHAPES | RULES]
    for good in (with_issues(first), small):
        plan(good, cache=tmp_path / "plan.json")
        for text in bad:
            assert refusal(text, cache=tmp_path / "plan.json") == refusal(text)
    assert plan(small, cache=tmp_path / "plan.json") == plan(small)


@pytest.mark.parametrize("issue", ISSUES)
def test_one_bad_issue(refusal, with_issues, issue):
    first = "{number: 1, github: 7, title: A, slug: first}"
    errors = refusal(with_issues(first, issue))
    assert any(line.startswith(ISSUES[issue]) for line in errors), errors


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("id: m4.2", "1:5: id: is 'm4.2', expected m4.1, the name of the plan's folder"),
        ("id: 4.10", "1:5: id: is '4.10', expected m4.1, the name of the plan's folder"),
        (
            "id: us/ers",
            "1:5: id: is 'us/ers', expected an id like m4.1, m3 or spring-release, the name of the plan's folder",
        ),
        (
            'id: "m4.1\\n"',
            "1:5: id: is 'm4.1\\n', expected an id like m4.1, m3 or spring-release, the name of the plan's folder",
        ),
        ("", "1:1: plan: has no id, expected an id like m4.1, m3 or spring-release, the name of the plan's folder"),
    ],
)
def test_the_id_is_the_folders(refusal, small, given, message):
    assert refusal(small.replace("id: m4.1\n", f"{given}\n" if given else "")) == [message]


def test_a_circle_is_named(refusal, with_issues):
    errors = refusal(
        with_issues(
            "{number: 1, title: A, depends_on: [3]}",
            "{number: 2, title: B, depends_on: [1]}",
            "{number: 3, title: C, depends_on: [2]}",
            "{number: 4, title: D, depends_on: [5]}",
            "{number: 5, title: E, depends_on: [4, 1]}",
        )
    )
    assert len(errors) == 2
    assert all("depends_on[0]: closes the circle #0" in line for line in errors)
    circles = [set(line.split("circle ")[1].split(",")[0].split(" → ")) for line in errors]
    assert sorted(circles, key=len) == [{"#04", "#05"}, {"#01", "#02", "#03"}]


def test_a_dependency_on_a_later_phase(refusal):
    text = (
        "id: m4.1\ntitle: T\nphases:\n"
        "  - issues: [{number: 1, title: A, depends_on: [2]}]\n"
        "  - issues: [{number: 2, title: B}]\n"
    )
    assert refusal(text) == [
        "4:49: phases[0].issues[0].depends_on[0]: is 2, an issue of phase 2, expected one of phase 1 or before"
    ]


def test_two_issues_with_one_branch(refusal, with_issues):
    errors = refusal(with_issues("{number: 7, title: Same}", "{number: 8, github: 7, title: Same}",
                               "{number: 9, github: 7, title: Same}"))  # fmt: skip
    twice, makes = errors
    assert twice == "6:21: phases[0].issues[2].github: is 7, which the issue in line 5 has already, expected another"
    assert makes.startswith("6:31: phases[0].issues[2].title: makes the branch 'feat/m4.1-7-same', which #08 has")


def test_links_out_of_the_plan_are_refused(refusal, folder, with_issues):
    (folder.parent.parent / "secret.md").write_text("secret")
    (folder / "a.md").symlink_to(folder.parent.parent / "secret.md")
    (folder / "out").symlink_to("/etc")
    (folder / "loop.md").symlink_to("loop.md")
    os.mkfifo(folder / "fifo.md")
    (folder / "latin.md").write_bytes(b"\xe9")
    errors = refusal(
        with_issues(
            "{number: 1, title: A, spec: a.md}",
            "{number: 2, title: B, spec: out/passwd}",
            "{number: 3, title: C, spec: loop.md}",
            "{number: 4, title: D, spec: fifo.md}",
            "{number: 5, title: E, spec: latin.md}",
            "{number: 6, title: F, agent: {kind: replay, changes: out}}",
        )
    )
    assert [line.split(": ", 2)[2].split(", expected")[0] for line in errors] == [
        "is 'a.md', which cannot be read: it is a link that leaves the plan's folder",
        "is 'out/passwd', which cannot be read: it is a link that leaves the plan's folder",
        "is 'loop.md', which cannot be read: it cannot be opened (Too many levels of symbolic links)",
        "is 'fifo.md', which cannot be read: it is not a regular file",
        "is 'latin.md', which cannot be read: it is not UTF-8 text",
        "is 'out', a link that leaves the project",
    ]


def test_two_specs_for_one_issue(refusal, folder, small):
    for name in ("01-a.md", "01-b.md"):
        (folder / name).write_text("x")
    assert refusal(small) == [
        "6:9: phases[0].issues[0]: has the specs 01-a.md and 01-b.md, expected `spec` to name one"
    ]


def test_everything_is_said_at_once_and_in_order(refusal):
    errors = refusal(
        "id: m4.1\ntitel: T\ntarget: HEAD\nscope: &a [api]\nphases:\n"
        "  - issues:\n      - {number: 1, title: A, depends_on: [1]}\n      - {number: 1, title: B, external: 7}\n"
    )
    assert [line.split(": ")[0] + " " + line.split(": ")[1] for line in errors] == [
        "1:1 plan",
        "2:1 titel",
        "3:9 target",
        "4:8 scope",
        "7:44 phases[0].issues[0].depends_on[0]",
        "8:18 phases[0].issues[1].number",
        "8:41 phases[0].issues[1].external",
    ]


def test_the_error_reads_as_one_message(plan):
    with pytest.raises(PlanError) as refused:
        plan("id: m4.1\n")
    assert refused.value.code == ExitCode.USAGE
    assert str(refused.value).splitlines()[-1] == "2 errors in the plan. Fix them and run the same command again."


BOMBS = {
    "ten megabytes": b"x" * 10_000_000,
    "deep flow": b"[" * 100_000,
    "deep mappings": b"{a: " * 100_000,
    "deep blocks": b"- " * 100_000,
    "aliases": b"a0: &a0 [x]\n"
    + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 50_000)),
    "one huge list": b"[" + b"a," * 2_000_000 + b"]",
    "one key, often": b"a: b\n" * 300_000,
    "control characters": b"\x01" * 4_000_000,
    "many unknown keys": b"".join(b"k%d: v\n" % n for n in range(70_000)),
    "many bad issues": b"phases: [" + b"{issues: [{}]}," * 20_000 + b"]",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_are_refused_fast_and_in_few_words(refusal, bomb):
    begun = time.process_time()
    errors = refusal(BOMBS[bomb])
    assert time.process_time() - begun < 4, "the bar is 2 s on a quiet machine"
    assert len(errors) <= 100
    assert sum(map(len, errors)) < 40_000


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "- a\n", "text\n", "id: [\n", "\tid: x\n", "a: b: c\n", "---\n---\n", "%x"]
)
def test_what_is_no_plan_at_all(refusal, text):
    assert all(", expected " in line for line in refusal(text))
