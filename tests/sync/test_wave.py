"""A milestone on several machines at once: fresh clones, one bare remote, no terminal; the same end as on one."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

CI = {"CI": "true", "TERM": "dumb"}


def at_once(*jobs):
    """Run commands side by side, as jobs do; returns what each came to."""
    with ThreadPoolExecutor(len(jobs)) as threads:
        results = [threads.submit(who.types, *words, env=CI) for who, *words in jobs]
    return [(result.result().code, result.result().out + result.result().err) for result in results]


def end_state(person):
    """Everything that was recorded, for comparison with another run of the same milestone."""
    folder = person.folder / "state" / "m1"
    summary = json.loads((folder / "summary.json").read_text())
    prs = {story["pr"]: story["number"] for story in summary["per_issue"] if story["pr"]}
    records = {}
    for path in sorted(folder.rglob("*.json")):
        name = str(path.relative_to(folder))
        if name in {"shared.json", "remote.json"} or name.startswith("cache"):
            continue
        record = json.loads(path.read_text())
        records[name] = plain(record, prs)
    return records


# what is another each time: times, commits and what is named after them, and the order in which PRs were opened
VOLATILE = {
    "at",
    "took",
    "seconds",
    "when",
    "opened",
    "source",
    "inputs",
    "digest",
    "change",
    "head",
    "base",
    "start",
    "url",
}


def plain(value, prs):
    """A record without what is another each time, and with issues in place of pull requests."""
    if isinstance(value, dict):
        opened = {"pr"} | ({"number"} if "url" in value else set())
        return {
            key: prs.get(item) if key in opened else plain(item, prs)
            for key, item in value.items()
            if key not in VOLATILE
        }
    if isinstance(value, list):
        return [plain(item, prs) for item in value]
    if isinstance(value, str):
        value = re.sub(r"\b[0-9a-f]{40}\b", "COMMIT", value)
        return re.sub(r"PR #(\d+)", lambda match: f"PR of {prs[int(match[1])]}", value)
    return value


def test_jobs_in_clones_end_as_one_run(project):
    one = project("one")("machine")
    one.types("m1")
    one.types("decide", "m1", "02", "skip", "--reason", "not now")
    one.types("m1")
    one.types("decide", "m1", "phase-1", "continue")
    assert one.types("m1").code == 3
    one.types("decide", "m1", "phase-2", "continue")
    assert one.types("m1").code == 0

    clone = project("many")
    first = clone("first")
    assert first.types("m1", "--no-issues", "--state-ref", "--lock", "wave", env=CI).code == 0
    assert json.loads(first.types("plan", "matrix", "m1", "--json").out) == ["01", "02", "03"]
    jobs = [(clone(f"job-{n}"), "m1", "--only", n, "--state-ref", "--lock", "wave") for n in ("01", "02", "03")]
    came = at_once(*jobs, (clone("outsider"), "m1", "--state-ref"))
    assert [code for code, _ in came] == [0, 3, 0, 5], came
    assert "is being run by" in came[3][1]
    assert "(lock wave)" in came[3][1]
    laptop = clone("laptop")
    result = laptop.types("decide", "m1", "02", "skip", "--reason", "not now", "--state-ref")
    assert result.code == 0, result.err
    barrier = clone("barrier").types("m1", "--no-issues", "--state-ref", "--lock", "wave", env=CI)
    assert (barrier.code, "phase-1" in barrier.out) == (3, True), barrier.out + barrier.err
    assert laptop.types("decide", "m1", "phase-1", "continue", "--state-ref").code == 0
    assert at_once((clone("fourth"), "m1", "--only", "04", "--state-ref", "--lock", "wave"))[0][0] == 0
    assert clone("close").types("m1", "--no-issues", "--state-ref", "--lock", "wave", env=CI).code == 3
    assert laptop.types("decide", "m1", "phase-2", "continue", "--state-ref").code == 0
    last = clone("last")
    result = last.types("m1", "--state-ref", "--lock", "wave", env=CI)
    assert result.code == 0, result.out + result.err
    assert last.types("state", "unlock", "m1", "--lock", "wave").out == "✓ m1 is unlocked\n"

    assert end_state(last) == end_state(one)
    assert last.types("verify", "m1").code == 0
