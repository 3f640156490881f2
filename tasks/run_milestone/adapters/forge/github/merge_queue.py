"""Put pull requests into the merge queue of their base, where it has one."""

from __future__ import annotations

from .base import Repository
from .graphql import ask, change, inside
from .responses import Answer

_STATE = """query Queue($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name) {
  pullRequest(number: $number) { id isMergeQueueEnabled isInMergeQueue } } }"""
_ENTER = """mutation Enter($input: EnqueuePullRequestInput!) {
  enqueuePullRequest(input: $input) { mergeQueueEntry { state } } }"""


class _Pull(Answer):
    id: str
    isMergeQueueEnabled: bool  # noqa: N815
    isInMergeQueue: bool  # noqa: N815


class _State(Answer):
    pull: _Pull = inside("repository", "pullRequest")


class MergeQueue(Repository):
    """The merge queues of one repository."""

    def is_queued(self, number: int) -> bool:
        """Return whether a pull request waits in a merge queue."""
        return self._queue(number).isInMergeQueue

    def _queue(self, number: int) -> _Pull:
        return ask(self._gh, _State, _STATE, {"number": number}).pull

    def _enter_queue(self, number: int, head: str) -> bool:
        """Put a pull request into its base's queue, once; returns whether there is one. GitHub compares the head."""
        retry = self._gh.retry()
        while True:
            pull = self._queue(number)
            if not pull.isMergeQueueEnabled or pull.isInMergeQueue:
                return pull.isMergeQueueEnabled
            with retry:
                change(self._gh, _ENTER, {"pullRequestId": pull.id, "expectedHeadOid": head})
                return True
