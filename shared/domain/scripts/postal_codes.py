#!/usr/bin/env python3
"""Writes data/us_postal_codes.txt: ranges of ZIP codes -> state and IANA time zones.

Run by a maintainer now and then; the build never runs it. It needs Python 3.10 or later
with pip, and the network:

    python3 shared/domain/scripts/postal_codes.py                    # newest data
    python3 shared/domain/scripts/postal_codes.py --version 3.0.0    # that version

The source is the PyPI package `zipcodes` (MIT; see data/NOTICE). The package goes into a
temporary folder and nothing else on the machine changes. The same version gives the same
bytes.
"""

import argparse
import importlib
import itertools
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from pypi import fetch

PACKAGE = "zipcodes"
OUTPUT = Path(__file__).resolve().parent.parent / "data" / "us_postal_codes.txt"

# Addresses of the armed forces abroad are in no zone that the code tells.
MILITARY = {"AA", "AE", "AP"}

# Towns that keep, by law or by custom, the time of the other side of a line; the source has one
# zone for them.
STRADDLING = {
    "89825": "America/Denver",  # Jackpot, Nevada
    "89832": "America/Denver",  # Owyhee, Nevada
    "89883": "America/Denver",  # West Wendover, Nevada
    "36867": "America/New_York",  # Phenix City, Alabama, and its neighbours
    "36868": "America/New_York",
    "36869": "America/New_York",
    "36870": "America/New_York",
    "36854": "America/New_York",  # Valley, Alabama
    "36863": "America/New_York",  # Lanett, Alabama
}

HEADER = """\
# ZIP codes of the United States, with the state and the IANA time zones they may be in.
# One range of codes a line, sorted: first-last<TAB>state<TAB>Zone1,Zone2
# A range reaches over codes that are not in use; between ranges lie more of them.
#
# Source: PyPI package {package} {version}
# Copyright (C) Sean Pianka and contributors
# Licence: MIT, see NOTICE and LICENSE-MIT-zipcodes in this folder
#
# Changed from the source:
#   codes of a county that lies in several zones get all of them, where a quarter of its codes or
#   more is in the other zone; the few codes of a county's smaller zone always do
#   codes on a line between zones get the other side's: {straddling}
#   codes of the armed forces ({military}) were left out
#
# Written by a script, don't edit. To regenerate:
#   python3 shared/domain/scripts/postal_codes.py --version {version}
"""


def is_zone(name: str) -> bool:
    """Some records of the source have none, or the name of a town."""
    return "/" in name


def table(records: list[dict]) -> dict[str, tuple[str, tuple[str, ...]] | None]:
    """State and zones of every code; none for those of the armed forces, which end a range."""
    counties: dict[tuple[str, str], Counter] = defaultdict(Counter)
    for record in records:
        if is_zone(record["timezone"]):
            counties[record["state"], record["county"]][record["timezone"]] += 1
    codes = {}
    for record in records:
        code, state, zone = record["zip_code"], record["state"], record["timezone"]
        if state in MILITARY:
            codes[code] = None
            continue
        zones = {zone} if is_zone(zone) else set()
        if record["county"]:
            county = counties[state, record["county"]]
            few = 4 * county[zone] < county.total()
            zones |= {other for other, count in county.items() if few or 4 * count >= county.total()}
        if code in STRADDLING:
            zones.add(STRADDLING[code])
        if not zones:
            sys.exit(f"{code} is in no zone")
        if code in codes:
            sys.exit(f"{code} is there twice")
        codes[code] = (state, tuple(sorted(zones)))
    if missing := set(STRADDLING) - set(codes):
        sys.exit(f"not in use any more: {sorted(missing)}")
    return codes


def ranges(codes: dict[str, tuple[str, tuple[str, ...]] | None]):
    """Codes in order, together where neighbours have the same state and zones."""
    for value, run in itertools.groupby(sorted(codes.items()), key=lambda item: item[1]):
        run = [code for code, _ in run]
        if value is not None:
            yield run[0], run[-1], value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--version", help=f"version of {PACKAGE} to take, the newest by default")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        version = fetch(PACKAGE, arguments.version, "MIT", Path(folder))
        codes = table(importlib.import_module(PACKAGE).list_all())
    header = HEADER.format(
        package=PACKAGE, version=version, straddling=", ".join(sorted(STRADDLING)), military=", ".join(sorted(MILITARY)))
    rows = [f"{first}-{last}\t{state}\t{','.join(zones)}\n" for first, last, (state, zones) in ranges(codes)]
    OUTPUT.write_text(header + "".join(rows), encoding="utf-8", newline="\n")
    print(f"{OUTPUT.name}: {len(codes)} codes in {len(rows)} ranges, from {PACKAGE} {version}")


if __name__ == "__main__":
    main()
