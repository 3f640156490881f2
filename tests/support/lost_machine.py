"""A machine that is lost, suspended or cancelled at one of its pushes, and how the milestone ends all the same."""

import json

HOOK = """\
#!/bin/sh
echo >> "$GIT_DIR/pushes"
if [ "$(wc -l < "$GIT_DIR/pushes")" = {turn} ]; then
  pid=$(sed -n 's/.*"pid": \\([0-9]*\\).*/\\1/p' "$(cat "$GIT_DIR/victim")")
  kill -{signal} "$pid"
  if [ -p "$GIT_DIR/stopped" ]; then echo "$pid" > "$GIT_DIR/stopped"; fi
fi
"""


ATTEMPT = 5
"""The push that tells of the first attempt, after the lock, the branch and the tasks of the milestone."""


def ended_at(clone, hook, turn, signal, env=None):
    """Run a milestone alone until its push number `turn`, before (pre-receive) or after it; returns what it came to."""
    victim = clone("victim")
    hub = victim.folder.parents[1] / "hub.git"
    (hub / "victim").write_text(str(victim.folder / "state" / "m1" / "lock"))
    (hub / "hooks").mkdir(exist_ok=True)
    (hub / "hooks" / hook).write_text(HOOK.format(turn=turn, signal=signal))
    (hub / "hooks" / hook).chmod(0o755)
    result = victim.types("m1", "--autonomous", "--state-ref", env=env)
    (hub / "hooks" / hook).unlink()
    return result


def summary(person):
    return json.loads((person.folder / "state" / "m1" / "summary.json").read_text())


def check_end(person):
    facts = summary(person)
    assert (facts["status"], facts["issues"]) == ("complete", {"total": 4, "completed": 3, "skipped": 1})
    assert [(one["gate"], one["verb"]) for one in facts["decisions"]] == [
        ("02", "fix"),
        ("02", "skip"),
        ("phase-1", "continue"),
        ("phase-2", "continue"),
    ]
    pulls = sorted((person.folder.parents[1] / "hub.forge" / "pulls").iterdir())
    heads = [json.loads(path.read_text())["head"] for path in pulls]
    assert len(heads) == len(set(heads)) == 3, "nothing was opened twice"
