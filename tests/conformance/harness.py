"""What the parts of the suite share: checks, servers on loopback, and running programs."""

import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
REGION = "ap-south-1"
ACCOUNT = "123456789012"

# Nothing may leave the machine: credentials are made up, every way out is a dead proxy.
CLOSED = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "conformance",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}


def environment(home):
    """The whole environment of a program under test."""
    kept = {k: os.environ[k] for k in ("PATH", "LANG", "PYTHONPATH") if k in os.environ}
    return dict(kept, HOME=str(home), TMPDIR=str(home), NO_COLOR="1", **CLOSED)


# A call to AWS as `pgward -v` prints it: when, how long, the action, the request's id.
CALL = re.compile(r"^ +[0-9.]+s +[0-9]+ ms  (\w+:\w+)  .*\n", re.MULTILINE)


class Checks:
    """Counts and prints what was checked."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.group = ""

    def that(self, name, holds, detail=""):
        """One check; the detail is printed if it fails. Answers whether it holds."""
        holds = bool(holds)
        self.passed += holds
        self.failed += not holds
        print(f"{'ok    ' if holds else 'FAILED'} {self.group}: {name}", flush=True)
        if not holds and detail:
            print("       " + str(detail).strip().replace("\n", "\n       "), flush=True)
        return holds

    def same(self, name, found, wanted):
        """Checks that two values are equal."""
        return self.that(name, found == wanted, f"found  {found!r}\nwanted {wanted!r}")


class Server:
    """A program that serves AWS on a free port of 127.0.0.1 while the context is open."""

    def __init__(self, name, command, home, extra=None):
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.command = [part.replace("{port}", str(self.port)) for part in command]
        self.home = home
        self.env = environment(home)
        for key, value in (extra or {}).items():
            self.env[key] = value.replace("{port}", str(self.port))
        self.log = home / f"{name}.log"

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.command, env=self.env, cwd=self.home, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(BotoCoreError, ClientError):
                self.client("sts").get_caller_identity()
                return self
            time.sleep(0.1)
        self.__exit__()
        raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text()[-2000:]}")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def client(self, service):
        """A boto3 client of a service at this server."""
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30)
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION, config=config
        )


def free_port():
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def moto(home, more=None):
    """moto with our mends."""
    extra = {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true", "MOTO_RDS_SNAPSHOT_LIMIT": "100000"}
    extra.update(more or {})
    return Server("moto", [sys.executable, str(HERE / "moto_server.py"), "{port}"], home, extra)


def ministack(home):
    """ministack with our mends."""
    extra = {
        "GATEWAY_PORT": "{port}",
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "WARNING",
        "DOCKER_HOST": "unix:///nonexistent",
    }
    return Server("ministack", [sys.executable, str(HERE / "ministack_server.py")], home, extra)


def sandbox(home, pgward):
    """pgward's own sandbox, served, with its clock a thousand times faster."""
    command = [str(pgward), "sandbox", "serve", "--listen", "127.0.0.1:{port}", "--speed", "1000"]
    return Server("sandbox", command, home)


class Answer:
    """What a program said."""

    def __init__(self, done, command):
        self.command = command
        self.code = done.returncode
        self.out = done.stdout
        self.calls = CALL.findall(done.stderr)
        self.err = CALL.sub("", done.stderr)

    @property
    def json(self):
        """The document on standard output, or the last line of a stream of events."""
        try:
            return json.loads(self.out)
        except ValueError:
            lines = [line for line in self.out.splitlines() if line.startswith("{")]
            return json.loads(lines[-1]) if lines else {}

    @property
    def text(self):
        """Everything, for the detail of a check that failed."""
        return f"$ {self.command}\n{self.out[-3000:]}{self.err[-3000:]}exit {self.code}"


def run(command, home, timeout=120, extra=None):
    """Runs a program in the closed environment, with these variables in addition."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=home, env=dict(environment(home), **(extra or {})), stdin=subprocess.DEVNULL,
        timeout=timeout,
        capture_output=True, text=True, encoding="utf-8", errors="replace", check=False,
    )
    shown = " ".join(str(part) for part in command)
    return Answer(done, re.sub(r"^\S*/pgward ", "pgward ", shown))


@contextlib.contextmanager
def scratch():
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="pgward-conformance-") as folder:
        yield pathlib.Path(folder)
