"""The shipped pipelines: their text judged, their steps run as written, against a GitHub and a GitLab
of our own that know the few endpoints the scripts call."""

import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.parse

import boto3
import yaml
from harness import ROOT, environment, free_port, run, sandbox

PAGE = 2
TOKEN = "token-of-the-run"
RUN = "https://ci.test/runs/7"


class Forge:
    """Comments and issues of one repository, on loopback; lists come in pages of two."""

    def __init__(self, kind, me):
        self.kind, self.me = kind, me
        self.comments, self.issues, self.runs = [], [], []
        self.calls, self.trouble = [], 0
        forge = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self):
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size)) if size else None
                status, document, link = forge.answer(self.command, self.path, self.headers, body)
                data = json.dumps(document).encode()
                self.send_response(status)
                if link:
                    self.send_header("Link", f'<{forge.url}{link}>; rel="next"')
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = do_PUT = answer

        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method, path, headers, body):
        """Status, document and the path of the next page."""
        self.calls.append((method, path))
        sent = headers.get("Authorization") or f"Bearer {headers.get('PRIVATE-TOKEN')}"
        if sent != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials"}, None
        if self.trouble and method == "GET":
            self.trouble -= 1
            return 502, {"message": "try again"}, None
        address = urllib.parse.urlsplit(path)
        query = dict(urllib.parse.parse_qsl(address.query))
        routes = self.github() if self.kind == "github" else self.gitlab()
        for pattern, act in routes.items():
            match = re.fullmatch(pattern, f"{method} {address.path}")
            if match:
                found = act(body, query, *match.groups())
                if isinstance(found, list):
                    return self.page(address, query, found)
                return (201 if method == "POST" else 200), found, None
        return 404, {"message": "Not Found"}, None

    def page(self, address, query, found):
        number = int(query.get("page", "1"))
        link = None
        if len(found) > number * PAGE:
            link = f"{address.path}?{urllib.parse.urlencode(dict(query, page=number + 1))}"
        return 200, found[(number - 1) * PAGE:number * PAGE], link

    def add(self, into, **entry):
        entry.setdefault("id", len(self.comments) + len(self.issues) + 1)
        into.append(entry)
        return entry

    def github(self):
        me = {"login": self.me}
        repo = "/repos/team/infra"

        def close(body, _query, number):
            issue = next(one for one in self.issues if one["number"] == int(number))
            issue.update(body)
            return issue

        def edit(body, _query, number):
            one = next(one for one in self.comments if one["id"] == int(number))
            one.update(body)
            return one

        return {
            f"GET {repo}/issues/5/comments": lambda *_: self.comments,
            f"POST {repo}/issues/5/comments": lambda body, _: self.add(
                self.comments, user=me, **body),
            rf"PATCH {repo}/issues/comments/(\d+)": edit,
            f"GET {repo}/issues": lambda _, query: [
                one for one in self.issues
                if one["state"] == query["state"] and query["labels"] in one["labels"]],
            f"POST {repo}/issues": lambda body, _: self.add(
                self.issues, user=me, state="open", number=100 + len(self.issues), **body),
            rf"PATCH {repo}/issues/(\d+)": close,
            rf"POST {repo}/issues/(\d+)/comments": lambda body, _, number: dict(
                body, on=number),
            rf"GET {repo}/actions/workflows/plan.yml/runs": lambda *_: {
                "workflow_runs": self.runs},
        }

    def gitlab(self):
        me = {"id": self.me}
        project = "/projects/42"

        def change(body, _query, number):
            issue = next(one for one in self.issues if one["iid"] == int(number))
            if body.get("state_event") == "close":
                issue["state"] = "closed"
            issue.update(body)
            return issue

        def edit(body, _query, number):
            one = next(one for one in self.comments if one["id"] == int(number))
            one.update(body)
            return one

        return {
            "GET /user": lambda *_: {"id": self.me},
            f"GET {project}/merge_requests/5/notes": lambda *_: self.comments,
            f"POST {project}/merge_requests/5/notes": lambda body, _: self.add(
                self.comments, author=me, **body),
            rf"PUT {project}/merge_requests/5/notes/(\d+)": edit,
            f"GET {project}/issues": lambda _, query: [
                one for one in self.issues if one["state"] == query["state"]],
            f"POST {project}/issues": lambda body, _: self.add(
                self.issues, author=me, state="opened", iid=100 + len(self.issues), **body),
            rf"PUT {project}/issues/(\d+)": change,
            rf"POST {project}/issues/(\d+)/notes": lambda body, _, number: dict(body, on=number),
        }


class Pipelines:
    """The steps of the workflows, run by a shell in a copy of the shipped specs."""

    def __init__(self, checks, pgward, home):
        self.checks, self.home = checks, home
        (home / "specs").mkdir()
        for name in ("base.toml", "dev.toml", "prod.toml", "staging.toml"):
            (home / "specs" / name).write_text((ROOT / "specs" / name).read_text())
        for place in ("ci", "reviewed/ci"):
            (home / place).parent.mkdir(exist_ok=True)
            (home / place).symlink_to(ROOT / "ci")
        (home / "bin").mkdir()
        # The steps name `pgward`; here it works on the sandbox.
        shim = home / "bin" / "pgward"
        shim.write_text(f'#!/bin/sh\nexec "{pgward}" sandbox "$@"\n')
        shim.chmod(0o755)
        (home / "event.json").write_text(json.dumps(
            {"pull_request": {"number": 5, "head": {"sha": "abc"}}}))

    def shell(self, script, forge, **extra):
        """Runs a step as GitHub and GitLab do."""
        env = dict(environment(self.home), **{
            "GITHUB_API_URL": forge.url, "GITHUB_REPOSITORY": "team/infra", "GH_TOKEN": TOKEN,
            "GITHUB_EVENT_PATH": str(self.home / "event.json"), "GITHUB_RUN_ID": "7",
            "GITHUB_SERVER_URL": "https://ci.test", "PGWARD_PAUSE": "0", "CI_API_V4_URL": forge.url,
            "CI_PROJECT_ID": "42", "CI_MERGE_REQUEST_IID": "5", "CI_JOB_URL": RUN,
            "PGWARD_GITLAB_TOKEN": TOKEN, "PYTHONDONTWRITEBYTECODE": "1", **extra})
        env["PATH"] = f"{self.home / 'bin'}:{os.path.dirname(sys.executable)}:{env['PATH']}"
        return subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=self.home, env=env,
                              capture_output=True, text=True, check=False, timeout=120)

    def step(self, workflow, name):
        """The text of a step of a workflow of GitHub."""
        jobs = load(ROOT / "ci/github" / workflow)["jobs"]
        steps = [step for job in jobs.values() for step in job["steps"]]
        return next(step["run"] for step in steps if step.get("name") == name)

    def good(self, name, done, code=0):
        return self.checks.that(f"{name} exits {code}", done.returncode == code,
                                f"exit {done.returncode}\n{done.stdout}\n{done.stderr}")

    def on_github(self):
        """Plan, comment, apply the saved plan, drift with its issues."""
        same = self.checks.same
        with Forge("github", "github-actions[bot]") as forge:
            stranger = {"login": "mallory"}
            forge.add(forge.comments, user=stranger, body="first!")
            forge.add(forge.comments, user=stranger, body="second!")
            marked = "<!-- pgward:plan happytrip-b2b/dev -->\nmine"
            forge.add(forge.comments, user=stranger, body=marked)
            dev = {"ENVIRONMENT": "dev"}
            self.good("plan", self.shell(self.step("plan.yml", "Plan"), forge, **dev))
            forge.trouble = 1
            comment = self.step("plan.yml", "Comment")
            self.good("comment after a hiccup", self.shell(comment, forge))
            self.good("comment again", self.shell(comment, forge))
            bodies = [one["body"] for one in forge.comments]
            same("one comment of ours", len(bodies), 4)
            same("what others wrote is not touched", bodies[2], marked)
            self.checks.that("the comment is the plan", "Plan for happytrip-b2b/dev" in bodies[3],
                             bodies[3][:300])
            done = self.shell(comment, forge, GH_TOKEN="wrong")
            self.checks.that("a refused token is told", done.returncode == 1
                             and "HTTP 401" in done.stderr and "wrong" not in done.stderr,
                             done.stderr)
            self.planned(forge)
            self.good("apply of the saved plan",
                      self.shell(self.step("apply.yml", "Apply"), forge, **dev))
            self.drifting(forge, self.step("drift.yml", "Drift"), self.step("drift.yml", "Issues"),
                          lambda issue: issue["body"])

    def planned(self, forge):
        """The run that planned is that of the last commit; without one, nothing is applied."""
        find = self.step("apply.yml", "Find the run that planned")
        out = self.home / "outputs"
        done = self.shell(find, forge, GITHUB_OUTPUT=str(out))
        self.checks.that("without a plan nothing is applied", done.returncode == 1
                         and "planned abc" in done.stderr, done.stderr)
        forge.runs = [{"id": 9, "run_number": 1, "head_sha": "abc"},
                      {"id": 11, "run_number": 3, "head_sha": "abc"},
                      {"id": 10, "run_number": 4, "head_sha": "other"}]
        out.write_text("")
        self.good("finding the plan", self.shell(find, forge, GITHUB_OUTPUT=str(out)))
        self.checks.same("the newest plan of the commit", out.read_text(), "run=11\n")

    def drifting(self, forge, drift, issues, body):
        """Somebody changes AWS; one issue comes, is updated, and goes."""
        same = self.checks.same
        self.good("drift of nothing", self.shell(drift, forge))
        self.good("issues of nothing", self.shell(issues, forge))
        same("no drift, no issue", forge.issues, [])
        change = ("pgward call rds:ModifyDBInstance '{\"DBInstanceIdentifier\": "
                  "\"happytrip-b2b-dev\", \"BackupRetentionPeriod\": 3}' --spec dev")
        self.good("a change from outside", self.shell(change, forge))
        self.good("drift", self.shell(drift, forge), 2)
        self.good("issues", self.shell(issues, forge))
        self.good("issues again", self.shell(issues, forge))
        same("one issue for one environment", len(forge.issues), 1)
        text = body(forge.issues[0])
        self.checks.that("it says what changed", "backup.retention: 1 day -> 3 days" in text
                         and RUN.rsplit("/", 1)[1] in text, text)
        self.unread(forge, issues, body)
        self.good("put back", self.shell("pgward apply dev --yes", forge))
        self.good("drift after that", self.shell(drift, forge))
        self.good("issues after that", self.shell(issues, forge))
        same("the issue is closed", [one["state"] for one in forge.issues], ["closed"])

    def unread(self, forge, issues, body):
        """What could not be read closes nothing."""
        path = self.home / "drift.json"
        kept = path.read_text()
        documents = json.loads(kept)
        for document in documents:
            if document["environment"]["name"] == "dev":
                document.update(verdict="incomplete", drift=[])
                document["summary"].update(unread=3)
        path.write_text(json.dumps(documents))
        self.good("issues of a blind run", self.shell(issues, forge))
        self.checks.that("a blind run closes nothing and says so",
                         forge.issues[0]["state"] in ("open", "opened")
                         and "could not be read" in body(forge.issues[0]), forge.issues[0])
        path.write_text("{}")
        done = self.shell(issues, forge)
        self.checks.that("what is no drift is refused", done.returncode == 1
                         and "is not what" in done.stderr, done.stderr)
        path.write_text(kept)

    def on_gitlab(self):
        """The scripts of the jobs, on the same world."""
        jobs = load(ROOT / "ci/gitlab/pgward.yml")
        script = {name: "\n".join(jobs[name]["script"]) for name in ("plan", "apply", "drift")}
        with Forge("gitlab", 1) as forge:
            forge.add(forge.comments, author={"id": 2},
                      body="<!-- pgward:plan happytrip-b2b/dev -->")
            dev = {"ENVIRONMENT": "dev"}
            self.good("gitlab: plan", self.shell(script["plan"], forge, **dev))
            self.good("gitlab: plan again", self.shell(script["plan"], forge, **dev))
            self.checks.same("gitlab: one note of ours", len(forge.comments), 2)
            self.good("gitlab: apply", self.shell(script["apply"], forge, **dev))
            path = self.home / "drift.json"
            path.unlink()
            self.drifting(forge, "pgward drift --all --write json=drift.json",
                          "python3 ci/gitlab/report.py issues drift.json",
                          lambda issue: issue["description"])
            self.good("gitlab: drift", self.shell(script["drift"], forge))


def accounts(checks, pgward, home):
    """One run over two accounts: each with its own role, and one of them out of reach."""
    pattern = "arn:aws:iam::{account}:role/pgward"
    with sandbox(home, pgward) as server:
        def made(account):
            iam = boto3.client("iam", endpoint_url=server.url, region_name="us-east-1",
                               aws_access_key_id=f"SANDBOX{account}", aws_secret_access_key="x")
            iam.create_role(RoleName="pgward", AssumeRolePolicyDocument='{"Statement":[]}')
            # A role is known to other services after ten seconds, a hundredth of one here.
            time.sleep(0.5)

        def drift():
            # The way to the roles follows the variable, as that of every SDK does.
            return run([pgward, "drift", "--all", "--role-arn", pattern], home,
                       extra={"AWS_ENDPOINT_URL": server.url})

        made("111122223333")
        answer = drift()
        checks.same("drift over a blind account exits 1", answer.code, 1)
        for line in ("? happytrip-b2b/dev      444455556666  ap-south-1  nothing could be read",
                     "= happytrip-b2b/prod     111122223333  ap-south-1  not applied yet"):
            checks.that(f"its table has: {line[:20]}", line in answer.out, answer.text)
        checks.that("it says why", "happytrip-b2b/dev: nothing could be read: sts:GetCallerIdentity"
                    in answer.err and "role/pgward" in answer.err, answer.err)
        made("444455556666")
        answer = drift()
        checks.that("with both roles everything is read", answer.code == 0
                    and "3 ENVIRONMENTS  no drift found" in answer.out, answer.text)


def load(path):
    """A YAML file; `on` is a word and not a truth."""
    with open(path, encoding="utf-8") as file:
        document = yaml.load(file, Loader=yaml.BaseLoader)
    assert isinstance(document, dict), path
    return document


def judge(checks, home):
    """What the text of a workflow must and must not have."""
    for path in sorted((ROOT / "ci/github").glob("*.yml")):
        text, document, problems = path.read_text(), load(path), []
        if "pull_request_target" in text:
            problems.append("pull_request_target runs with secrets on the text of others")
        if document.get("permissions") != {}:
            problems.append("the workflow gives permissions to all of its jobs")
        for name, job in document["jobs"].items():
            if not job.get("permissions"):
                problems.append(f"{name} has no permissions of its own")
            if "timeout-minutes" not in job:
                problems.append(f"{name} may run for six hours")
            for step in job["steps"]:
                used = step.get("uses", "")
                if used and not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used):
                    problems.append(f"{used} is not pinned by a commit")
                if "${{" in step.get("run", ""):
                    problems.append(f"{step.get('name')} puts an expression into a shell")
        checks.same(f"{path.name} is sound", problems, [])
    tool = [os.path.join(os.path.dirname(sys.executable), "zizmor"), "--offline", "--no-progress"]
    files = [str(path) for path in sorted((ROOT / "ci/github").glob("*.yml"))]
    done = subprocess.run([*tool, *files], capture_output=True, text=True, check=False, timeout=60,
                          env=environment(home))
    checks.that("zizmor finds nothing", done.returncode == 0, done.stdout + done.stderr)
    # The lint must be able to fail.
    bad = home / "bad.yml"
    bad.write_text("on: pull_request_target\njobs:\n  a:\n    runs-on: x\n    steps:\n"
                   "      - uses: actions/checkout@v4\n"
                   "      - run: echo ${{ github.event.pull_request.title }}\n")
    done = subprocess.run([*tool, str(bad)], capture_output=True, text=True, check=False,
                          timeout=60, env=environment(home))
    checks.that("zizmor finds what is bad", done.returncode != 0, done.stdout + done.stderr)


def travel(checks, pgward, home):
    """Text first, then every step."""
    judge(checks, home)
    pipelines = Pipelines(checks, pgward, home)
    pipelines.on_github()
    pipelines.on_gitlab()
    accounts(checks, pgward, home)
