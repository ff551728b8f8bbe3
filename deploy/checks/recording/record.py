"""Draws the demo from a real run: runs a command, keeps each line with its second, and writes an SVG.

    python3 deploy/checks/recording/record.py docs/demo.svg -- cargo xtask demo

Lines appear in the order and at the pace of the run, TEMPO times as fast. A viewer without animation
shows all of them. Of the lines of progress one in SAMPLE is drawn, of the sections those in SECTIONS. `--log FILE` keeps the lines with
their seconds; with `--from FILE` instead of a command, the drawing is made of such a file.
"""

import html
import json
import subprocess
import sys
import time

TEMPO = 12
SAMPLE = 10
SECTIONS = ("Campaign", "Checks")
COLUMNS = 124
LINE_HEIGHT = 18
CHARACTER = 8.4


def run(command):
    """Returns the lines that a command writes, each with the seconds since its start."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append((round(time.monotonic() - start, 1), line.rstrip()))
    if process.wait() != 0:
        sys.exit(f"{command[0]} failed: {process.returncode}")
    return lines


def chosen(lines):
    """Returns the lines to draw: events, a sample of the progress, and some sections."""
    kept, progress, section = [], 0, None
    for second, line in lines:
        if line and not line.startswith(" "):
            section = line.split(" ")[0]
        if " s  " in line[:12]:
            section = None
            if " s  texted " in line:
                progress += 1
                if progress % SAMPLE != 1:
                    continue
        if section is None or section in SECTIONS:
            kept.append((second, line))
    return kept


def draw(lines):
    """Returns the SVG of the chosen lines."""
    lines = chosen(lines)
    first = lines[0][0]
    width, height = round(COLUMNS * CHARACTER) + 32, len(lines) * LINE_HEIGHT + 32
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        "<title>A run of the demo</title>",
        "<style>text{font:14px ui-monospace,Menlo,Consolas,monospace;fill:#d7dde5;white-space:pre;"
        "animation:show .2s both}@keyframes show{from{opacity:0}}.ok{fill:#7ee2a8}.no{fill:#ff8f8f}</style>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#10151c"/>',
    ]
    for at, (second, line) in enumerate(lines):
        text = line if len(line) <= COLUMNS else line[: COLUMNS - 1] + "…"
        mark = text.strip()[:1]
        kind = ' class="ok"' if mark == "✓" else ' class="no"' if mark == "✗" else ""
        delay = (second - first) / TEMPO + at * 0.03
        y = 16 + (at + 1) * LINE_HEIGHT - 5
        out.append(f'<text x="16" y="{y}"{kind} style="animation-delay:{delay:.2f}s">{html.escape(text)}</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"


def main():
    arguments = sys.argv[1:]
    place = arguments.pop(0)
    if arguments[0] == "--from":
        with open(arguments[1], encoding="utf-8") as file:
            lines = json.load(file)
    else:
        log = None
        if arguments[0] == "--log":
            log = arguments[1]
            arguments = arguments[2:]
        lines = run(arguments[1:] if arguments[0] == "--" else arguments)
        if log:
            with open(log, "w", encoding="utf-8") as file:
                json.dump(lines, file)
    with open(place, "w", encoding="utf-8") as file:
        file.write(draw(lines))


if __name__ == "__main__":
    main()
