"""The store of a team on moto's S3: many processes, a killed one, signals, and what is left behind."""

import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import threading
import time

from harness import ACCOUNT, REGION, Server, environment, moto

HANDS = 16
BUCKET = "team"
PREFIX = "pgward/shop/dev/"
PATIENCE = 180

SPEC = f"""\
environment = "dev"
account     = "{ACCOUNT}"

[project]
name   = "shop"
region = "{REGION}"

[state]
store = "s3://{BUCKET}/pgward"

[network]
vpc     = "vpc-0b7714c0de5a92233"
subnets = ["subnet-0aaa1110000000011", "subnet-0bbb2220000000022"]

[access.app]
from = "10.0.0.0/16"

[postgres]
version = "16"

[parameters]
work_mem = "8MB"

[instance]
class               = "db.t3.small"
multi_az            = false
public              = false
deletion_protection = true

[storage]
type       = "gp3"
size       = "20 GiB"
encryption = "aws/rds"

[backup]
retention = "1 day"

[maintenance]
window = "Sun 03:00-04:00 UTC"

[secret.master]
name     = "shop/dev/postgres"
username = "shop_admin"
source   = "generate"
"""


def travel(checks, pgward, home):
    """Everything, with AWS served by the sandbox and the bucket by moto."""
    (home / "specs").mkdir()
    (home / "specs" / "dev.toml").write_text(SPEC)
    command = [str(pgward), "sandbox", "serve", "--listen", "127.0.0.1:{port}", "--speed", "300"]
    with moto(home) as bucket, Server("sandbox", command, home) as aws:
        Team(checks, pgward, home, aws, bucket).travel()


def ended(pid, patience):
    """The exit code of a child, which is killed after that many seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Team:
    """One environment, sixteen hands, one bucket."""

    def __init__(self, checks, pgward, home, aws, bucket):
        self.checks = checks
        self.home = home
        self.aws = aws
        self.s3 = bucket.client("s3")
        self.pgward = [str(pgward), "--endpoint-url", aws.url]
        self.env = dict(environment(home), AWS_ENDPOINT_URL_S3=bucket.url, USER="hand")
        self.refused = 0
        self.killed = 0
        self.failures = []

    def call(self, *arguments):
        """Runs pgward to its end."""
        done = subprocess.run(
            [*self.pgward, *arguments], cwd=self.home, env=self.env, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )
        done.text = f"$ pgward {' '.join(arguments)}\n{done.stdout}{done.stderr}exit {done.returncode}"
        return done

    def exits(self, name, wanted, *arguments):
        """Runs pgward and checks its exit code."""
        done = self.call(*arguments)
        self.checks.that(f"{name} exits {wanted}", done.returncode == wanted, done.text)
        return done

    def read(self, key):
        """An object as JSON; nothing if there is none."""
        try:
            return json.loads(self.s3.get_object(Bucket=BUCKET, Key=PREFIX + key)["Body"].read())
        except self.s3.exceptions.NoSuchKey:
            return None

    def holder(self):
        """The lease, if somebody holds it."""
        lease = self.read("lease.json")
        return None if lease is None or "released" in lease else lease

    def journals(self):
        """The lines of each run, in order."""
        found = {}
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=PREFIX)
        for entry in sorted(row["Key"] for page in pages for row in page.get("Contents", [])):
            run_name, _, number = entry[len(PREFIX):].rpartition("/")
            if run_name:
                found.setdefault(run_name, []).append(self.read(f"{run_name}/{number}"))
        return found

    def travel(self):
        """The whole way."""
        self.without_bucket()
        self.s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        self.s3.put_bucket_versioning(
            Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
        )
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
        self.s3.put_bucket_encryption(
            Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )
        self.interrupted_at_the_question()
        self.many_hands()
        self.left_behind()

    def without_bucket(self):
        """A store that is not there stops an apply before AWS is changed, and no plan."""
        done = self.exits("apply without a bucket", 1, "apply", "dev", "--yes")
        self.checks.that("it says what to do", "pgward makes no bucket" in done.stderr, done.text)
        done = self.exits("plan without a bucket", 0, "plan", "dev", "--json")
        unknown = json.loads(done.stdout)["not_checked"]
        self.checks.that("the plan says what it could not see",
                         any("whether an apply is in progress" in line for line in unknown),
                         unknown)

    def interrupted_at_the_question(self):
        """Ctrl-C while the question waits gives the lock back."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.home)
            os.execve(self.pgward[0], [*self.pgward, "apply", "dev"], dict(self.env, TERM="xterm"))
        shown = b""
        while b"to go on:" not in shown:
            shown += os.read(terminal, 4096)
        held = self.holder()
        self.checks.that("the lock is held while the question waits", held is not None, shown)
        os.kill(pid, signal.SIGINT)
        self.checks.same("Ctrl-C at the question exits 130", ended(pid, 10), 130)
        os.close(terminal)
        self.checks.same("and gives the lock back", self.holder(), None)

    def many_hands(self):
        """Sixteen apply at once; the first is killed, whose lock a person has to release."""
        hands = [threading.Thread(target=self.hand) for _ in range(HANDS)]
        for hand in hands:
            hand.start()
        self.kill_one()
        for hand in hands:
            hand.join()
        self.checks.same("every hand ends well", self.failures, [])
        self.checks.that("hands met", self.refused > 0)
        self.checks.same("one was killed", self.killed, 1)

    def hand(self):
        """Applies until it is done."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            done = self.call("apply", "dev", "--yes")
            if done.returncode == 0:
                return
            if done.returncode == 4 and "busy[P620]" in done.stderr:
                self.refused += 1
                time.sleep(0.2)
            elif done.returncode == -signal.SIGKILL:
                self.killed += 1
            else:
                self.failures.append(done.text)
                return
        self.failures.append("nobody ends")

    def kill_one(self):
        """Kills a run after its first intent, sees its lock stand, and releases it."""
        deadline = time.monotonic() + PATIENCE
        lease = None
        while time.monotonic() < deadline:
            lease = self.holder()
            lines = [line for lines in self.journals().values() for line in lines]
            if lease and lease["arn"] and any(line["what"] == "intent" for line in lines):
                break
            time.sleep(0.01)
        os.kill(int(lease["holder"].rsplit(" ", 1)[1]), signal.SIGKILL)
        time.sleep(1)
        busy = self.exits("apply beside a killed one", 4, "apply", "dev", "--yes")
        self.checks.that("it names the holder", lease["holder"] in busy.stderr, busy.text)
        self.checks.that("it names the caller", lease["arn"] in busy.stderr, busy.text)
        self.checks.that("it says when the holder was seen",
                         re.search(r"seen \d+ s ago; expires \d\d:\d\d UTC", busy.stderr), busy.text)
        plan = self.call("plan", "dev", "--json")
        document = json.loads(plan.stdout)
        self.checks.same("a plan beside it is incomplete", document["verdict"], "incomplete")
        self.exits("unlock of another lock", 3, "unlock", "dev", "--id", "00000000", "--yes")
        self.exits("unlock", 0, "unlock", "dev", "--id", lease["id"], "--yes")

    def overwritten(self):
        """Leases that were written over one that was held; the bucket keeps every version."""
        found = []
        pages = self.s3.get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=BUCKET, Prefix=PREFIX + "lease.json"):
            for version in page["Versions"]:
                body = self.s3.get_object(
                    Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"]
                )["Body"]
                found.append(json.loads(body.read()))
        found.reverse()
        return [
            (before["id"], after["id"]) for before, after in zip(found, found[1:])
            if after["id"] != before["id"] and "released" not in before
        ]

    def left_behind(self):
        """Nothing to do, one run at a time, and everything readable."""
        plan = self.exits("plan after all", 0, "plan", "dev", "--exit-code")
        self.checks.that("nothing is left to do", "NO CHANGES" in plan.stdout, plan.text)
        self.exits("drift after all", 0, "drift", "dev")
        self.checks.same("unlock has nothing to do", self.call("unlock", "dev").stdout,
                         "shop/dev is not locked\n")
        record = self.read("record.json")
        self.checks.same("the record is whole", record["format"], "pgward.record/1")
        spans = sorted((lines[0]["at"], lines[-1]["at"]) for lines in self.journals().values())
        apart = all(first[1] <= second[0] for first, second in zip(spans, spans[1:]))
        self.checks.that("one run at a time wrote its journal", len(spans) >= 2 and apart, spans)
        ended = [lines for lines in self.journals().values() if lines[-1]["what"] == "end"]
        self.checks.that("a journal goes from start to end",
                         ended and ended[-1][0]["what"] == "start", ended)
        self.checks.same("no lease was written over another's", self.overwritten(), [])
        versions = self.s3.list_object_versions(Bucket=BUCKET, Prefix=PREFIX)
        self.checks.same("nothing was ever deleted", versions.get("DeleteMarkers", []), [])
        head = self.s3.head_object(Bucket=BUCKET, Key=PREFIX + "record.json")
        self.checks.same("the bucket's encryption holds", head.get("ServerSideEncryption"),
                         "aws:kms")
