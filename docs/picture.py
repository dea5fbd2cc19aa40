#!/usr/bin/env python3
"""Draws docs/plan.svg from the real, colored output of a plan in the sandbox.

    docs/picture.py target/debug/pgward

It creates the shipped production environment in the sandbox, changes the spec the way a pull
request would, and turns the colors of the plan into a picture. It needs Python 3 and nothing else.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "pgward sandbox plan prod"

# What the pull request changes in specs/prod.toml.
CHANGES = [
    ('"db.m6g.xlarge"', '"db.m6g.2xlarge"'),
    ('size       = "100 GiB"', 'size       = "400 GiB"'),
    (
        "[postgres]\n",
        '[access.partner]\nfrom = "0.0.0.0/0"\ndescription = "reports for a partner"\n\n'
        "[parameters]\nmax_connections = 400\n\n[postgres]\n",
    ),
]

INK, PAPER, FRAME, DIM = "#c9d1d9", "#0d1117", "#30363d", "#8b949e"
COLORS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "35": "#d2a8ff"}
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
SIZE, ADVANCE, LEADING, MARGIN, HEAD = 13, 7.83, 18, 18, 34


def plan(program: Path) -> str:
    """The colored plan of the changed environment."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "specs", Path(folder, "specs"))
        surroundings = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "LANG": "C.UTF-8",
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "NO_PROXY": "127.0.0.1",
        }

        def run(*words: str) -> subprocess.CompletedProcess:
            return subprocess.run(
                [program, *words], cwd=folder, env=surroundings, capture_output=True, text=True
            )

        made = run("sandbox", "apply", "prod", "--yes")
        if made.returncode != 0:
            sys.exit(made.stderr)
        spec = Path(folder, "specs/prod.toml")
        text = spec.read_text()
        for before, after in CHANGES:
            if text.count(before) != 1:
                sys.exit(f"specs/prod.toml has {before!r} {text.count(before)} times, not once")
            text = text.replace(before, after)
        spec.write_text(text)
        return run("--color", "always", "sandbox", "plan", "prod").stdout


def pieces(line: str):
    """The parts of a line, each with its column, its text and its style."""
    column, style = 0, {}
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b"):
            for code in part[2:-1].split(";"):
                if code in ("", "0"):
                    style = {}
                elif code == "1":
                    style["font-weight"] = "bold"
                elif code == "2":
                    style["fill"] = DIM
                elif code in COLORS:
                    style["fill"] = COLORS[code]
        elif part:
            yield column, part, dict(style)
            column += len(part)


def drawn(lines: list[str]) -> str:
    """The picture."""
    columns = max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines)
    width = round(columns * ADVANCE + 2 * MARGIN)
    height = HEAD + LEADING * len(lines) + MARGIN
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" font-family="{FONT}" font-size="{SIZE}" fill="{INK}">',
        f"<title>{escape(COMMAND)}</title>",
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"'
        f' fill="{PAPER}" stroke="{FRAME}"/>',
    ]
    for number, line in enumerate(lines):
        y = HEAD + LEADING * number
        for column, text, style in pieces(line):
            if not text.strip():
                continue
            # Each run of words has its own place, so that columns hold in every font.
            for words in re.finditer(r"\S+(?: \S+)*", text):
                x = MARGIN + (column + words.start()) * ADVANCE
                length = len(words.group()) * ADVANCE
                marks = "".join(f' {name}="{value}"' for name, value in style.items())
                out.append(
                    f'<text x="{x:.1f}" y="{y}" textLength="{length:.1f}"{marks}>'
                    f"{escape(words.group())}</text>"
                )
    out.append("</svg>\n")
    return "\n".join(out)


def main() -> None:
    """Draws the picture beside this script."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    program = Path(sys.argv[1]).resolve()
    lines = [f"\x1b[2m$\x1b[0m {COMMAND}", *plan(program).rstrip("\n").split("\n")]
    (ROOT / "docs/plan.svg").write_text(drawn(lines))


if __name__ == "__main__":
    main()
