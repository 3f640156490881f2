"""mutations: what GraphQL changes in the hosted repository, with the refusals that GitHub has."""

from __future__ import annotations

from functools import partial

from . import views

LONGEST = 65536


def mutations(hosted):
    """Every mutation that gh sends, by name."""
    acts = Mutations(hosted)
    known = {
        "createPullRequest": acts.create_pull,
        "updatePullRequest": acts.update,
        "updateIssue": acts.update,
        "addLabelsToLabelable": acts.add_labels,
        "removeLabelsFromLabelable": acts.remove_labels,
        "convertPullRequestToDraft": partial(acts.set_draft, True),
        "markPullRequestReadyForReview": partial(acts.set_draft, False),
        "closePullRequest": partial(acts.turn, "CLOSED"),
        "reopenPullRequest": partial(acts.turn, "OPEN"),
        "mergePullRequest": acts.merge,
        "addPullRequestReviewThreadReply": acts.reply,
        "updatePullRequestReviewComment": acts.edit_reply,
        "enqueuePullRequest": acts.enqueue,
        "createIssue": acts.create_issue,
    }
    return {name: partial(_payload, act) for name, act in known.items()}


METHODS = {"MERGE": "Merge commits", "SQUASH": "Squash merges", "REBASE": "Rebase merges"}
"""What GitHub calls them where they are refused."""


def _payload(act, **arguments):
    sent = arguments["input"]
    return {"clientMutationId": sent.get("clientMutationId"), **act(sent)}


def refuse(message, kind="UNPROCESSABLE"):
    """Answer as GitHub does."""
    error = ValueError(message)
    error.kind = kind
    raise error


class Mutations:
    """Each takes its input and returns its payload."""

    def __init__(self, hosted):
        self.hosted = hosted

    def create_pull(self, sent):
        self._may("pulls", "Resource not accessible by personal access token")
        head, base, body = sent["headRefName"], sent["baseRefName"], sent.get("body") or ""
        self._check(body)
        tips = self.hosted.branch(head), self.hosted.branch(base)
        if None in tips or self.hosted.contains(*tips):
            refuse(f"No commits between {base} and {head}")
        self._check_free(head, base)
        made = self.hosted.add(title=sent["title"], body=body, author=self.hosted.viewer, head=head, base=base)
        made.draft = sent.get("draft", False)
        return self._told(made)

    def update(self, sent):
        thing = self._node(sent.get("pullRequestId") or sent.get("id"))
        if sent.get("baseRefName") not in {None, thing.base}:
            self._retarget(thing, sent["baseRefName"])
        self._check(sent.get("body") or "")
        for field in ("title", "body"):
            if sent.get(field) is not None:
                setattr(thing, field, sent[field])
        if sent.get("labelIds") is not None:
            self._may("labels", "Resource not accessible by personal access token")
            thing.labels = _names(sent["labelIds"])
        return self._told(thing)

    def _retarget(self, thing, base):
        if base == thing.head or self.hosted.branch(base) is None:
            refuse(f"Proposed base branch '{base}' was not found")
        self._check_free(thing.head, base, thing)
        thing.base = base

    def add_labels(self, sent):
        self._may("labels", "Resource not accessible by personal access token")
        thing = self._node(sent["labelableId"])
        thing.labels = list(dict.fromkeys([*thing.labels, *_names(sent["labelIds"])]))
        return {"labelable": views.either(self.hosted, thing)}

    def remove_labels(self, sent):
        thing = self._node(sent["labelableId"])
        thing.labels = [name for name in thing.labels if name not in _names(sent["labelIds"])]
        return {"labelable": views.either(self.hosted, thing)}

    def set_draft(self, draft, sent):
        thing = self._node(sent["pullRequestId"])
        thing.draft = draft
        return self._told(thing)

    def turn(self, state, sent):
        thing = self._node(sent["pullRequestId"])
        if state == "OPEN":
            self._check_free(thing.head, thing.base, thing)
            if self.hosted.branch(thing.head) is None or self.hosted.branch(thing.base) is None:
                refuse("Could not open the pull request.")
        thing.state = state
        return self._told(thing)

    def merge(self, sent):
        thing = self._node(sent["pullRequestId"])
        if sent.get("expectedHeadOid") not in {None, thing.last_head}:
            refuse("Head branch was modified. Review and try the merge again.")
        if thing.draft:
            refuse("Pull Request is still a draft")
        self._may("merge", "At least 1 approving review is required by reviewers with write access.")
        if thing.state != "OPEN" or self.hosted.mergeable(thing) == "CONFLICTING":
            refuse("Pull Request is not mergeable")
        method = sent.get("mergeMethod") or "MERGE"
        if method not in self.hosted.methods - self.hosted.ruled_out:
            refuse(f"{METHODS[method]} are not allowed on this repository.")
        self.hosted.merge(thing, method) if method != "MERGE" else self.hosted.merge(thing)
        return self._told(thing)

    def enqueue(self, sent):
        thing = self._node(sent["pullRequestId"])
        if sent.get("expectedHeadOid") not in {None, thing.last_head}:
            refuse("Head branch was modified. Review and try the merge again.")
        queue = self.hosted.queues.get(thing.base)
        if queue is None or thing.number in queue or thing.draft:
            refuse("Pull request is not in a state to be added to the merge queue")
        queue.append(thing.number)
        return {"mergeQueueEntry": {"state": "QUEUED"}}

    def create_issue(self, sent):
        milestones = {f"MI_{one['number']}": one["title"] for one in self.hosted.milestones}
        made = self.hosted.add(title=sent["title"], body=sent.get("body") or "", author=self.hosted.viewer)
        made.labels, made.milestone = _names(sent.get("labelIds")), milestones.get(sent.get("milestoneId"))
        return self._told(made)

    def reply(self, sent):
        thread = self.hosted.thread(sent["pullRequestReviewThreadId"])
        if thread is None:
            raise views.missing("Could not resolve to a node with that global id")
        made = {"id": f"PRRC_{thread['id']}.{len(thread['replies']) + 1}", "viewerDidAuthor": True}
        thread["replies"].append({**made, "body": sent["body"]})
        return {"comment": thread["replies"][-1]}

    def edit_reply(self, sent):
        thread = self.hosted.thread(
            f"PRRT_{sent['pullRequestReviewCommentId'].removeprefix('PRRC_').rpartition('.')[0]}"
        )
        reply = next(one for one in thread["replies"] if one["id"] == sent["pullRequestReviewCommentId"])
        reply["body"] = sent["body"]
        return {"pullRequestReviewComment": reply}

    # ---- refusals ---------------------------------------------------------------------------------------------

    def _node(self, identity):
        self.hosted.follow()
        kind, _, number = identity.partition("_")
        if kind not in {"PR", "I"} or int(number) not in self.hosted.things:
            raise views.missing(f"Could not resolve to a node with the global id of '{identity}'")
        return self.hosted.things[int(number)]

    def _told(self, thing):
        self.hosted.follow()
        return {("pullRequest" if thing.is_pull else "issue"): views.either(self.hosted, thing)}

    def _may(self, what, message):
        if what in self.hosted.forbidden:
            refuse(message, "FORBIDDEN")

    def _check(self, body):
        if len(body) > LONGEST:
            refuse(f"Body is too long (maximum is {LONGEST} characters)")

    def _check_free(self, head, base, but=None):
        for one in self.hosted.pulls():
            if (one.head, one.base, one.state, one.fork) == (head, base, "OPEN", None) and one is not but:
                refuse(f"A pull request already exists for {self.hosted.owner}:{head}.")


def _names(ids):
    return [identity.removeprefix("LA_") for identity in ids or ()]
