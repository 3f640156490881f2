"""The promises of the product, and the tests that try them. `python -m tests.torture` prints a figure for each."""

from __future__ import annotations

from dataclasses import dataclass

NOT_SHOWN = (
    "power loss: files are fsynced and renamed, but no disk was cut off",
    "file systems over a network, where a rename may come before what was written",
    "GitHub's own behaviour: its public schema is executed, and real git and gh talk to that",
    "two machines with different kernels: two clones with one remote stand in for them",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One promise, and the places of its tests: a file, or `FILE -k WORDS`."""

    promise: str
    tests: tuple[str, ...]


_T = "tests/torture"
_ROWS = (
    Row("kill -9 at any executed line", (f"{_T}/test_injections.py -k kill", f"{_T}/test_comment_kill.py")),
    Row("kill -9, SIGTERM and SIGINT at random moments", (f"{_T}/test_kill.py", "tests/sync/test_any_ci.py -k kill")),
    Row(
        "every call of git, forge and agent fails, hangs or answers nonsense",
        (f"{_T}/test_faults.py", f"{_T}/test_injections.py -k file_system"),
    ),
    Row("one open pull request per issue, whatever happens between runs", (f"{_T}/test_sequences.py",)),
    Row("no ref moves but the run's own", ("tests/adapters/test_git.py", "tests/scenarios/test_protected_branch.py")),
    Row("nobody else's commit is lost", (f"{_T}/test_foreign_commits.py", "tests/scenarios/test_people_in_a_stack.py")),
    Row(
        "one run per milestone; a lost machine's lock ends by itself",
        ("tests/store/test_run_lock.py", "tests/sync/test_lease.py", "tests/sync/test_exchange.py -k lock"),
    ),
    Row("a fresh checkout adopts what it finds", ("tests/scenarios/test_reconcile.py",)),
    Row("damaged records are named, never taken for done", (f"{_T}/test_damage.py", "tests/store/test_markers.py")),
    Row(
        "an approval counts once, for what was shown",
        (f"{_T}/test_bound_answers.py", "tests/policy/test_gating.py", "tests/scenarios/test_phase_approvals.py"),
    ),
    Row(
        "agent, tests and tools stay in their box", ("tests/hostile/test_boundary.py", "tests/adapters/test_sandbox.py")
    ),
    Row("nothing in a tree runs code in the runner", ("tests/adapters/test_git.py -k payloads or leaves_runs",)),
    Row("a plan's content is data", (f"{_T}/test_plain_data.py", "tests/plan/test_plan_reader.py")),
    Row(
        "a bad plan costs little and is refused whole",
        (f"{_T}/test_limits.py -k bomb", "tests/plan/test_plan_refused.py"),
    ),
    Row("no secret anywhere", (f"{_T}/test_canaries.py", "tests/core/test_text.py")),
    Row("untrusted text acts nowhere", ("tests/core/test_text.py", "tests/render/test_report.py")),
    Row(
        "whatever a command does, it ends and leaves nothing",
        (f"{_T}/test_limits.py -k behaviour", "tests/adapters/test_process.py"),
    ),
    Row("a stopped issue holds up only its dependents", ("tests/scenarios/test_dags.py",)),
    Row(
        "exit code, summary and status agree",
        (f"{_T}/test_injections.py -k clock or zone", f"{_T}/test_sequences.py -k one_random"),
    ),
    Row(
        "the verdict comes from trusted inputs",
        ("tests/checks/test_tiers.py", "tests/scenarios/test_measured_again.py"),
    ),
    Row(
        "an edited record or journal is noticed",
        ("tests/store/test_journal.py", "tests/store/test_record_check.py", "tests/sync/test_exchange.py -k journal"),
    ),
    Row("what was tested is the tree", ("tests/steps/test_import_origin.py", "tests/steps/test_reports.py")),
    Row(
        "what lands together was tested together",
        ("tests/scenarios/test_land_together.py", "tests/policy/test_together.py"),
    ),
    Row(
        "changes that a person asks for hold", ("tests/scenarios/stops/test_people.py", "tests/policy/test_opinions.py")
    ),
    Row("a person's git configuration moves no push", ("tests/adapters/test_operator_git.py",)),
)
ROWS = dict(enumerate(_ROWS, 1))
"""The rows by number. The 26th, which questions are worth asking, and the 27th, cost, are measured by `bench`."""
