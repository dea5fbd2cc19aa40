#!/usr/bin/env python3
"""Checks the forms of pgward with programs that nobody here wrote.

Usage: tests/conformance/forms.py [--sarif SCHEMA] [PGWARD]

Every JSON against the schemas that `pgward schema` prints, by the package `jsonschema`; SARIF
against the published schema of version 2.1.0 if SCHEMA names its file; every comment by the
package `markdown-it-py`, which must find its tables and fences whole. PGWARD is the built program.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SAMPLES = ROOT / "crates" / "review" / "tests" / "samples"
FAULTS = []


def check(what, complaints):
    print(("ok    " if not complaints else "FAULT ") + what, flush=True)
    FAULTS.extend(f"{what}: {complaint}" for complaint in complaints)


def environment():
    """No account, no network: the sandbox needs neither."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1",
                   "AWS_EC2_METADATA_DISABLED": "true", "PGWARD_CI": "off"}


def by_schema(schema, text):
    import jsonschema
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return [error.message[:200] for error in kind(schema).iter_errors(json.loads(text))]


def by_markdown(text):
    """Tables as long as their lines, fences as many as their marks, and no foreign markup."""
    from markdown_it import MarkdownIt
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    rows = sum(token.type == "tr_open" for token in tokens)
    heads = sum(token.type == "table_open" for token in tokens)
    fences = [token for token in tokens if token.type == "fence"]
    lines = text.splitlines()
    marks = [line for line in lines if line.startswith("```")]
    table = sum(line.startswith("|") for line in lines)
    found = []
    if rows + heads != table:
        found.append(f"{table} lines of tables make {rows} rows")
    if len(marks) != 2 * len(fences):
        found.append(f"{len(marks)} marks make {len(fences)} fences")
    for token in tokens:
        for part in token.children or []:
            if part.type == "html_inline" and part.content not in KNOWN:
                found.append(f"markup {part.content}")
    return found


KNOWN = {"<br>", "<sub>", "</sub>", "<code>", "</code>"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sarif")
    parser.add_argument("pgward", nargs="?", default=str(ROOT / "target" / "debug" / "pgward"))
    options = parser.parse_args()
    pgward = str(pathlib.Path(options.pgward).resolve())
    sarif = json.loads(pathlib.Path(options.sarif).read_text()) if options.sarif else None

    def run(*words, folder):
        made = subprocess.run([pgward, *words], cwd=folder, env=environment(), text=True,
                              capture_output=True, check=False)
        return made.stdout

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        shutil.copytree(ROOT / "specs", folder / "specs")
        schemas = {word: json.loads(run("schema", word, folder=folder))
                   for word in ("plan", "drift", "check", "events", "failure", "preflight", "spec")}
        for environment_name in ("dev", "prod", "staging"):
            names = ("plan", "markdown"), ("plan", "sarif"), ("plan", "json")
            for command, form in names:
                run("sandbox", command, environment_name, "--write", f"{form}=out.{form}",
                    folder=folder)
            of = f"plan of {environment_name}"
            check(f"{of}: json", by_schema(schemas["plan"], (folder / "out.json").read_text()))
            check(f"{of}: markdown", by_markdown((folder / "out.markdown").read_text()))
            if sarif:
                check(f"{of}: sarif", by_schema(sarif, (folder / "out.sarif").read_text()))
            run("sandbox", "apply", environment_name, "--yes", "--write", "json=out.jsonl",
                "--write", "markdown=out.markdown", folder=folder)
            events = (folder / "out.jsonl").read_text().splitlines()
            found = [fault for line in events for fault in by_schema(schemas["events"], line)]
            check(f"apply of {environment_name}: events", found)
            check(f"apply of {environment_name}: markdown",
                  by_markdown((folder / "out.markdown").read_text()))
            drift = run("sandbox", "drift", environment_name, "--json", folder=folder)
            check(f"drift of {environment_name}: json", by_schema(schemas["drift"], drift))
            text = run("sandbox", "preflight", environment_name, "--json", folder=folder)
            check(f"preflight of {environment_name}: json", by_schema(schemas["preflight"], text))
        text = run("check", "--json", folder=folder)
        check("check: json", by_schema(schemas["check"], text))
        text = run("plan", "nobody", "--json", folder=folder)
        check("failure: json", by_schema(schemas["failure"], text))
    for path in sorted(SAMPLES.glob("*.md")):
        check(f"sample {path.name}", by_markdown(path.read_text()))
    for path in sorted(SAMPLES.glob("*.sarif")):
        if sarif:
            check(f"sample {path.name}", by_schema(sarif, path.read_text()))
    print("\n".join(FAULTS))
    sys.exit(1 if FAULTS else 0)


if __name__ == "__main__":
    main()
