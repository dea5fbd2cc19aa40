#!/usr/bin/env python3
"""Tells GitHub what pgward found: a comment per environment, an issue per drifted environment.

    report.py comment FILE...     edits the marked comment of the pull request, or writes it
    report.py issues DRIFT.json   opens, updates and closes one issue per environment
    report.py plan-run            prints the run of `plan.yml` that planned this pull request

Needs GH_TOKEN and what GitHub Actions sets: GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_EVENT_PATH,
GITHUB_SERVER_URL, GITHUB_RUN_ID. Python's standard library is enough.
"""

import json
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

# Who writes with the token of a workflow; another token, another name.
AUTHOR = os.environ.get("PGWARD_AUTHOR", "github-actions[bot]")
LABEL = "pgward-drift"
# GitHub takes 65,536 characters; pgward keeps to 60,000 bytes by itself.
LONGEST = 65_000
ATTEMPTS = 4


class Refused(Exception):
    """What GitHub answered."""


def call(method, path, body=None):
    """One call; answers the document and the address of the next page."""
    url = path if path.startswith("http") else os.environ["GITHUB_API_URL"] + path
    data = json.dumps(body).encode() if body is not None else None
    for attempt in range(1, ATTEMPTS + 1):
        request = urllib.request.Request(url, data=data, method=method, headers={
            "Authorization": f"Bearer {os.environ['GH_TOKEN']}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
            "X-GitHub-Api-Version": "2022-11-28",
        })
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
                link = re.search(r'<([^>]+)>; rel="next"', answer.headers.get("Link") or "")
                return json.loads(text) if text else None, link.group(1) if link else None
        except urllib.error.HTTPError as error:
            # A creation is repeated only where GitHub says that it did not take place.
            passing = error.code == 429 or (error.code >= 500 and method != "POST")
            if not passing or attempt == ATTEMPTS:
                said = error.read().decode(errors="replace")[:300]
                raise Refused(f"{method} {path}: HTTP {error.code}: {said}") from error
        except OSError as error:
            if method == "POST" or attempt == ATTEMPTS:
                raise Refused(f"{method} {path}: {error}") from error
        time.sleep(float(os.environ.get("PGWARD_PAUSE", "2")) * attempt)
    raise AssertionError("the last attempt returns or raises")


def pages(path):
    """Every entry of a list."""
    following = path
    while following:
        entries, following = call("GET", following)
        yield from entries


def repository():
    return f"/repos/{os.environ['GITHUB_REPOSITORY']}"


def event():
    with open(os.environ["GITHUB_EVENT_PATH"], encoding="utf-8") as file:
        return json.load(file)


def run_url():
    return (f"{os.environ['GITHUB_SERVER_URL']}/{os.environ['GITHUB_REPOSITORY']}"
            f"/actions/runs/{os.environ['GITHUB_RUN_ID']}")


def comment(files):
    """One comment per file, found by its first line and its author. A file that a failed run did
    not leave is told, so that an older comment does not stay up as if it were current."""
    number = event()["pull_request"]["number"]
    there = list(pages(f"{repository()}/issues/{number}/comments?per_page=100"))
    for path in files:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        marker = text.partition("\n")[0]
        if not marker.startswith("<!-- pgward:"):
            raise Refused(f"{path} does not begin with a marker of pgward")
        body = {"body": text[:LONGEST]}
        own = [one for one in there
               if one["user"]["login"] == AUTHOR and one["body"].startswith(marker)]
        if own:
            call("PATCH", f"{repository()}/issues/comments/{own[0]['id']}", body)
            print(f"edited the comment of {path}")
        else:
            call("POST", f"{repository()}/issues/{number}/comments", body)
            print(f"wrote the comment of {path}")


def fenced(text):
    """Text of others as code: neither markup nor mentions work in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def issue_of(document):
    """Marker, title and body of an environment's issue; no body if all is well."""
    environment = document["environment"]
    title = f"{environment['project']}/{environment['name']}"
    marker = f"<!-- pgward:drift {title} -->"
    unread = document["summary"]["unread"]
    if document["verdict"] == "no_drift" and not unread:
        return marker, title, None
    lines = []
    for entry in document.get("drift", []):
        if entry.get("class") == "outside":
            before, after = entry["last_applied"] or "nothing", entry["live"] or "nothing"
            lines.append(f"{entry['path']}: {before} -> {after}")
    head = []
    if lines:
        head.append("Changed outside of pgward:")
    if unread:
        total = unread + document["summary"]["compared"]
        head.append(f"**{unread} of {total} resources could not be read**, so this is not all.")
    body = [marker, f"Account {environment['account']}, {environment['region']}.", *head]
    if lines:
        body.append(fenced("\n".join(lines)[:LONGEST - 2000]))
    body.append(f"Put back: `pgward apply {environment['name']}`. "
                f"[What the run said]({run_url()}). It is closed when a run finds no drift.")
    return marker, title, "\n\n".join(body)


def issues(files):
    """One issue per environment. What a run did not look at stays as it is."""
    with open(files[0], encoding="utf-8") as file:
        documents = json.load(file)
    documents = documents if isinstance(documents, list) else [documents]
    if any(document.get("format") != "pgward.drift" for document in documents):
        raise Refused(f"{files[0]} is not what `pgward drift --write json=FILE` writes")
    query = urllib.parse.urlencode({"state": "open", "labels": LABEL, "per_page": 100})
    there = [one for one in pages(f"{repository()}/issues?{query}")
             if "pull_request" not in one and one["user"]["login"] == AUTHOR]
    for document in documents:
        marker, title, body = issue_of(document)
        own = [one for one in there if (one["body"] or "").startswith(marker)]
        if body is None:
            for one in own:
                place = f"{repository()}/issues/{one['number']}"
                call("POST", f"{place}/comments", {"body": f"No drift any more: {run_url()}"})
                call("PATCH", place, {"state": "closed", "state_reason": "completed"})
                print(f"closed the issue of {title}")
        elif own:
            call("PATCH", f"{repository()}/issues/{own[0]['number']}", {"body": body})
            print(f"updated the issue of {title}")
        else:
            call("POST", f"{repository()}/issues",
                 {"title": f"Drift in {title}", "body": body, "labels": [LABEL]})
            print(f"opened an issue for {title}")


def plan_run(_files):
    """The newest successful run of plan.yml for the last commit of this pull request."""
    head = event()["pull_request"]["head"]["sha"]
    query = urllib.parse.urlencode({"head_sha": head, "event": "pull_request",
                                    "status": "success", "per_page": 100})
    found, _ = call("GET", f"{repository()}/actions/workflows/plan.yml/runs?{query}")
    runs = [run for run in found["workflow_runs"] if run["head_sha"] == head]
    if not runs:
        raise Refused(f"no run of plan.yml planned {head}; plan it, or apply by hand")
    print(max(runs, key=lambda run: run["run_number"])["id"])


COMMANDS = {"comment": comment, "issues": issues, "plan-run": plan_run}


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    try:
        COMMANDS[sys.argv[1]](sys.argv[2:])
    except (Refused, OSError, KeyError, ValueError) as problem:
        sys.exit(f"report.py {sys.argv[1]}: {type(problem).__name__}: {problem}")


if __name__ == "__main__":
    main()
