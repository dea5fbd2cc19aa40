#!/usr/bin/env python3
"""Tells GitLab what pgward found: a note per environment, an issue per drifted environment.

    report.py comment FILE...     edits the marked note of the merge request, or writes it
    report.py issues DRIFT.json   opens, updates and closes one issue per environment

Needs PGWARD_GITLAB_TOKEN, a token of the project with the scope `api`, and what GitLab sets:
CI_API_V4_URL, CI_PROJECT_ID, CI_MERGE_REQUEST_IID, CI_JOB_URL. Python's standard library is enough.
"""

import json
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

LABEL = "pgward-drift"
# GitLab takes a million characters; pgward keeps to 60,000 bytes by itself.
LONGEST = 900_000
ATTEMPTS = 4


class Refused(Exception):
    """What GitLab answered."""


def call(method, path, body=None):
    """One call; answers the document and the address of the next page."""
    url = path if path.startswith("http") else os.environ["CI_API_V4_URL"] + path
    data = json.dumps(body).encode() if body is not None else None
    for attempt in range(1, ATTEMPTS + 1):
        request = urllib.request.Request(url, data=data, method=method, headers={
            "PRIVATE-TOKEN": os.environ["PGWARD_GITLAB_TOKEN"],
            "Content-Type": "application/json",
        })
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
                link = re.search(r'<([^>]+)>; rel="next"', answer.headers.get("Link") or "")
                return json.loads(text) if text else None, link.group(1) if link else None
        except urllib.error.HTTPError as error:
            # A creation is repeated only where GitLab says that it did not take place.
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


def project():
    return f"/projects/{urllib.parse.quote(os.environ['CI_PROJECT_ID'], safe='')}"


def me():
    """The user of the token: what others wrote is not edited, whatever it begins with."""
    return call("GET", "/user")[0]["id"]


def comment(files):
    """One note per file, found by its first line and its author."""
    notes = f"{project()}/merge_requests/{os.environ['CI_MERGE_REQUEST_IID']}/notes"
    author = me()
    there = list(pages(f"{notes}?per_page=100"))
    for path in files:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        marker = text.partition("\n")[0]
        if not marker.startswith("<!-- pgward:"):
            raise Refused(f"{path} does not begin with a marker of pgward")
        body = {"body": text[:LONGEST]}
        own = [one for one in there
               if one["author"]["id"] == author and one["body"].startswith(marker)]
        if own:
            call("PUT", f"{notes}/{own[0]['id']}", body)
            print(f"edited the note of {path}")
        else:
            call("POST", notes, body)
            print(f"wrote the note of {path}")


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
                f"[What the job said]({os.environ['CI_JOB_URL']}). It is closed when a run finds no drift.")
    return marker, title, "\n\n".join(body)


def issues(files):
    """One issue per environment. What a run did not look at stays as it is."""
    with open(files[0], encoding="utf-8") as file:
        documents = json.load(file)
    documents = documents if isinstance(documents, list) else [documents]
    if any(document.get("format") != "pgward.drift" for document in documents):
        raise Refused(f"{files[0]} is not what `pgward drift --write json=FILE` writes")
    author = me()
    query = urllib.parse.urlencode({"state": "opened", "labels": LABEL, "per_page": 100})
    there = [one for one in pages(f"{project()}/issues?{query}") if one["author"]["id"] == author]
    for document in documents:
        marker, title, body = issue_of(document)
        own = [one for one in there if (one["description"] or "").startswith(marker)]
        if body is None:
            for one in own:
                place = f"{project()}/issues/{one['iid']}"
                said = f"No drift any more: {os.environ['CI_JOB_URL']}"
                call("POST", f"{place}/notes", {"body": said})
                call("PUT", place, {"state_event": "close"})
                print(f"closed the issue of {title}")
        elif own:
            call("PUT", f"{project()}/issues/{own[0]['iid']}", {"description": body})
            print(f"updated the issue of {title}")
        else:
            call("POST", f"{project()}/issues",
                 {"title": f"Drift in {title}", "description": body, "labels": LABEL})
            print(f"opened an issue for {title}")


COMMANDS = {"comment": comment, "issues": issues}


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    try:
        COMMANDS[sys.argv[1]](sys.argv[2:])
    except (Refused, OSError, KeyError, ValueError) as problem:
        sys.exit(f"report.py {sys.argv[1]}: {type(problem).__name__}: {problem}")


if __name__ == "__main__":
    main()
