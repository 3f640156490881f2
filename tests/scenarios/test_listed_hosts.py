"""A plan lists the hosts that its agent, setup and reviewers reach; the journal says what they asked for."""

import json

ASK = (
    "import socket, sys; line = socket.create_connection(('127.0.0.1', 3128), 9); "
    "line.sendall(f'CONNECT {sys.argv[1]}:443 HTTP/1.1\\r\\n\\r\\n'.encode()); "
    "answer = line.recv(999).decode(); "
)
PLAN = """\
id: m1
title: Parts
agent: {{kind: command, command: {agent}, network: [api.example.com]}}
tree: {{setup: [{setup}], network: [packages.example.com]}}
commands: {{lint: ["true"], test: {test}, review: none}}
reviewers: [{{name: reader, command: {reviewer}, network: [rules.example.com]}}]
phases:
  - issues: [{{number: 1, title: Make part 1, criteria: [part_1.py is there]}}]
"""
TEST = "import socket; assert socket.socket().connect_ex(('127.0.0.1', 3128)) == 111"


def asks(host, program):
    return json.dumps(["{python}", "-c", f"{ASK}{program}", host])


def plan(setup="print(answer)"):
    return PLAN.format(
        agent=asks("evil.example.com", "open('part_1.py', 'w').write('PART = 1\\n')"),
        setup=asks("unlisted.example.com", setup),
        reviewer=asks("api.example.com", "print('{\"findings\": []}')"),
        test=json.dumps(["{python}", "-c", TEST]),
    )


def connections(person):
    entries = map(json.loads, (person.folder / "state/m1/journal.jsonl").read_text().splitlines())
    return {(entry["tree"], *entry["hosts"]) for entry in entries if entry["event"] == "connections"}


def test_what_was_asked_is_in_the_journal(newcomer):
    newcomer.types("init")
    newcomer.plans(plan())
    result = newcomer.types("m1")
    assert "✓ PR #1 created" in result.out, result
    refused = ":443: refused, `network` in the plan does not list it"
    assert connections(newcomer) == {
        ("m1-base", f"unlisted.example.com{refused}"),
        ("m1-01", f"unlisted.example.com{refused}"),
        ("m1-01", f"evil.example.com{refused}"),
        ("m1-01", f"api.example.com{refused}"),
    }
    newcomer.plans(plan().replace("network: [api.example.com]", "network: [api.example.com, b.example.com]"))
    assert newcomer.types("m1").issues() == []  # no work is done again for another list


def test_a_setup_without_its_host_says_so(newcomer):
    newcomer.types("init")
    newcomer.plans(plan("sys.exit(7)"))
    result = newcomer.types("m1")
    assert result.code == 3
    assert "unlisted.example.com:443: refused, `network` in the plan does not list it" in result.out
