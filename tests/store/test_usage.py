"""Attempts of agents are counted as they begin, and none is given out twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from run_milestone.store.journal import Journal
from run_milestone.store.usage import Usage


@pytest.fixture
def usage(tmp_path):
    return Usage(Journal(tmp_path / "journal.jsonl"))


def test_tasks_side_by_side_share_the_attempts(usage):
    def begins(number):
        task = f"{number:02}:implement"
        if usage.reserve(task, 5).attempts < 5:
            usage.begin(task)
            return True
        return False

    with ThreadPoolExecutor(16) as threads:
        begun = sum(threads.map(begins, range(64)))
    assert (begun, usage.total.attempts) == (5, 5)


def test_a_reserved_attempt_is_shown_to_others(usage):
    assert usage.reserve("01:implement", 1).attempts == 0
    assert usage.reserve("01:implement", 1).attempts == 0, "it is this task's own"
    assert usage.reserve("02:implement", 1).attempts == 1


def test_a_released_attempt_is_free_again(usage):
    usage.reserve("01:implement", 1)
    usage.release("01:implement")
    assert usage.reserve("02:implement", 1).attempts == 0
    usage.begin("02:implement")
    assert usage.reserve("03:implement", 1).attempts == 1
