"""rest: the REST routes that gh uses, over the same hosted repository."""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import parse_qs, unquote, urlsplit


def answer(github, method, target, sent):
    """Take the one route that fits; one that is not known fails the test."""
    parts = urlsplit(target)
    path, query = unquote(parts.path), {key: values[0] for key, values in parse_qs(parts.query).items()}
    path = path.removeprefix("/api/v3")
    if path.startswith("/repos/") and not path.startswith("/repos/acme/widgets"):
        return 404, {"message": "Not Found"}
    for verb, pattern, act in ROUTES:
        match = re.fullmatch(pattern.replace("REPO", "/repos/acme/widgets"), path)
        if verb == method and match:
            return act(github.hosted, *match.groups(), **({"sent": sent} if sent is not None else {"query": query}))
    github.made_up.add(f"{method} {path}")
    return 404, {"message": "Not Found"}


def limits(hosted, query):
    resource = {"limit": 5000, "remaining": 5000, "used": 0, "reset": 0}
    return 200, {"resources": {"core": resource, "graphql": resource}, "rate": resource}


def user(hosted, query):
    return 200, {"login": hosted.viewer}


def repository(hosted, query):
    may = hosted.people[hosted.viewer] in {"WRITE", "ADMIN"}
    return 200, {"full_name": f"{hosted.owner}/{hosted.name}", "permissions": {"push": may, "pull": True}}


def branch_rules(hosted, branch, query):
    return 200, hosted.rules.get(branch, [])


def permission(hosted, login, query):
    if login.endswith("[bot]"):
        return 404, {"message": f"{login} is not a user"}
    known = {"READ": "read", "WRITE": "write", "ADMIN": "admin"}
    return 200, {"permission": known.get(hosted.people.get(login), "none"), "user": {"login": login}}


def labels(hosted, query):
    return 200, [{"name": name, **facts} for name, facts in hosted.labels.items()]


def new_label(hosted, sent):
    if "labels" in hosted.forbidden:
        return 403, {"message": "Resource not accessible by personal access token"}
    if sent["name"] in hosted.labels:
        return 422, {
            "message": "Validation Failed",
            "errors": [{"resource": "Label", "code": "already_exists", "field": "name"}],
        }
    hosted.labels[sent["name"]] = {"color": sent["color"], "description": sent.get("description") or ""}
    return 201, {"name": sent["name"], **hosted.labels[sent["name"]]}


def comments(hosted, number, query):
    if int(number) not in hosted.things:
        return 404, {"message": "Not Found"}
    return 200, [_comment(one) for one in hosted.things[int(number)].comments]


def _comment(one):
    return {
        "id": one["id"],
        "user": {"login": one["author"], "type": "Bot" if one["author"].endswith("[bot]") else "User"},
        "body": one["body"],
        "created_at": one.get("created", one["at"]),
        "updated_at": one["at"],
    }


def new_comment(hosted, number, sent):
    if int(number) not in hosted.things:
        return 404, {"message": "Not Found"}
    return 201, _comment(hosted.say(int(number), hosted.viewer, sent["body"]))


def edit_comment(hosted, identity, sent):
    comment = next(
        (one for thing in hosted.things.values() for one in thing.comments if one["id"] == int(identity)), None
    )
    if comment is None:
        return 404, {"message": "Not Found"}
    comment.update(body=sent["body"], created=comment.get("created", comment["at"]), at=hosted.now())
    return 200, _comment(comment)


def ask_for_review(hosted, number, sent):
    thing = hosted.things[int(number)]
    if any(hosted.people.get(login) is None for login in sent["reviewers"]):
        return 422, {"message": "Reviews may only be requested from collaborators."}
    thing.awaited = list(dict.fromkeys([*thing.awaited, *sent["reviewers"]]))
    return 201, {"requested_reviewers": [{"login": login} for login in thing.awaited]}


def milestones(hosted, query):
    return 200, hosted.milestones


def new_milestone(hosted, sent):
    if any(one["title"] == sent["title"] for one in hosted.milestones):
        return 422, {"message": "Validation Failed"}
    made = {
        "number": len(hosted.milestones) + 1,
        "title": sent["title"],
        "description": sent.get("description"),
        "state": "open",
    }
    hosted.milestones.append(made)
    return 201, made


def edit_milestone(hosted, number, sent):
    hosted.milestones[int(number) - 1].update(sent)
    return 200, hosted.milestones[int(number) - 1]


def issues(hosted, query):
    """Issues and pull requests of a milestone, as GitHub lists both."""
    shown = list(hosted.things.values())
    if "milestone" in query:
        title = hosted.milestones[int(query["milestone"]) - 1]["title"]
        shown = [one for one in shown if one.milestone == title]
    return 200, [_issue(hosted, one) for one in (reversed(shown) if query.get("direction") == "desc" else shown)]


def one_issue(hosted, number, query):
    thing = hosted.things.get(int(number))
    return (200, _issue(hosted, thing)) if thing else (404, {"message": "Not Found"})


def _issue(hosted, one):
    facts = {
        "id": 7_000 + one.number,
        "number": one.number,
        "title": one.title,
        "body": one.body,
        "state": one.state.lower(),
    }
    links = {"html_url": f"https://github.com/acme/widgets/issues/{one.number}"}
    links["repository_url"] = "https://api.github.com/repos/acme/widgets"
    labels = [{"name": name, **hosted.labels[name]} for name in one.labels]
    blockers = sum(hosted.things[number].state == "OPEN" for number in one.blocked_by)
    summaries = {
        "issue_dependencies_summary": {"blocked_by": blockers, "total_blocked_by": len(one.blocked_by)},
        "sub_issues_summary": {"total": len(one.sub_issues)},
    }
    return {**facts, **links, **summaries, "labels": labels, **({"pull_request": {}} if one.is_pull else {})}


def related(field, hosted, number, query):
    """The issues that an issue names, those in other repositories included."""
    ours, other = ("https://api.github.com/repos/acme/" + name for name in ("widgets", "other"))
    named = [_issue(hosted, hosted.things[one]) for one in getattr(hosted.things[int(number)], field)]
    foreign = {**named[0], "id": 1, "number": 1, "state": "open", "repository_url": other} if named else None
    return 200, [*({**one, "repository_url": ours} for one in named), *filter(None, (foreign,))]


def relate(field, key, hosted, number, sent):
    """Add an issue by its id; GitHub refuses one that is there, and a circle."""
    other, listed = sent[key] - 7_000, getattr(hosted.things[int(number)], field)
    if "relations" in hosted.forbidden:
        return 403, {"message": "Resource not accessible by personal access token"}
    if other in listed or int(number) in getattr(hosted.things[other], field):
        return 422, {"message": "Validation Failed"}
    listed.append(other)
    return 201, _issue(hosted, hosted.things[int(number)])


def logs(hosted, job, query):
    check = next((one for checks in hosted.checks.values() for one in checks if one["id"] == int(job)), None)
    return (200, check["log"]) if check else (404, {"message": "Not Found"})


ROUTES = (
    ("GET", "/rate_limit", limits),
    ("GET", "/", lambda *_, **__: (200, {})),
    ("GET", "/user", user),
    ("GET", "REPO", repository),
    ("GET", "REPO/rules/branches/(.+)", branch_rules),
    ("GET", "REPO/labels", labels),
    ("POST", "REPO/labels", new_label),
    ("GET", "REPO/collaborators/([^/]+)/permission", permission),
    ("GET", r"REPO/issues/(\d+)/comments", comments),
    ("POST", r"REPO/issues/(\d+)/comments", new_comment),
    ("PATCH", r"REPO/issues/comments/(\d+)", edit_comment),
    ("POST", r"REPO/pulls/(\d+)/requested_reviewers", ask_for_review),
    ("GET", "REPO/milestones", milestones),
    ("POST", "REPO/milestones", new_milestone),
    ("PATCH", r"REPO/milestones/(\d+)", edit_milestone),
    ("GET", "REPO/issues", issues),
    ("GET", r"REPO/issues/(\d+)", one_issue),
    ("GET", r"REPO/issues/(\d+)/dependencies/blocked_by", partial(related, "blocked_by")),
    ("GET", r"REPO/issues/(\d+)/sub_issues", partial(related, "sub_issues")),
    ("POST", r"REPO/issues/(\d+)/dependencies/blocked_by", partial(relate, "blocked_by", "issue_id")),
    ("POST", r"REPO/issues/(\d+)/sub_issues", partial(relate, "sub_issues", "sub_issue_id")),
    ("GET", r"REPO/actions/jobs/(\d+)/logs", logs),
)
