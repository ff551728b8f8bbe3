#!/usr/bin/env python3
"""Writes data/nanp_zones.txt, telephone prefix -> IANA time zones, and data/nanp_states.txt, area code -> state of the United States.

Run by a maintainer when the numbering plan has moved on; the build never runs it.
It needs Python 3.10 or later with pip, and the network:

    python3 shared/domain/scripts/number_zones.py                     # newest data
    python3 shared/domain/scripts/number_zones.py --version 9.0.43    # that version

The source is libphonenumber's tables as the PyPI package `phonenumbers` ships them
(Apache-2.0; see data/NOTICE). The package goes into a temporary folder and nothing else
on the machine changes. The same version gives the same bytes.
"""

import argparse
import importlib
import re
import sys
import tempfile
from pathlib import Path

from pypi import fetch

PACKAGE = "phonenumbers"
COUNTRY_CODE = "1"
AREA_DIGITS = 3
LONGEST_PREFIX = 6
DATA = Path(__file__).resolve().parent.parent / "data"
ZONES = DATA / "nanp_zones.txt"
STATES = DATA / "nanp_states.txt"

# Overlay -> the area it overlays. The source knows which exchanges of these areas lie in
# another zone, but for the overlay only the area's main zone, so a number of the overlay
# may be in any zone of the area.
OVERLAYS = {
    "364": "270",  # western Kentucky
    "448": "850",  # the Florida panhandle
    "458": "541",  # Oregon
    "930": "812",  # southern Indiana
    "236": "250",  # British Columbia, also over 604
    "257": "250",
    "672": "250",
    "778": "250",
    "367": "418",  # eastern Quebec
    "581": "418",
    # New codes, of which the source knows nothing yet.
    "436": "440",  # Ohio
    "471": "662",  # Mississippi
    "483": "334",  # Alabama
    "621": "713",  # Houston
    "679": "313",  # Detroit
    "729": "423",  # Tennessee
    "837": "530",  # California
}

TOLL_FREE = ("800", "833", "844", "855", "866", "877", "888")

HEADER = """\
# Prefixes of North American telephone numbers, without the country code 1, and the IANA
# time zones a number may be in. The longest prefix wins.
# One prefix a line, sorted: prefix<TAB>Zone1,Zone2
#
# Source: PyPI package {package} {version}, module phonenumbers.tzdata
# {copyright}
# Licence: Apache-2.0, see NOTICE and LICENSE-APACHE-2.0 in this folder
#
# Changed from the source:
#   overlays get every zone of the area in brackets, which they overlay:
#     {overlays}
#   toll-free codes get every zone of the table: {toll_free}
#
# Written by a script, don't edit. To regenerate:
#   python3 shared/domain/scripts/number_zones.py --version {version}
"""

STATES_HEADER = """\
# Area codes of the states, the District and the territories of the United States.
# One state a line, sorted: abbreviation<TAB>codes
#
# Source: PyPI package {package} {version}, module phonenumbers.geodata
# {copyright}
# Licence: Apache-2.0, see NOTICE and LICENSE-APACHE-2.0 in this folder
#
# Changed from the source:
#   the territories' codes, which it does not place, were added
#   overlays are in the state of the area they overlay, as in nanp_zones.txt
#
# Written by a script, don't edit. To regenerate:
#   python3 shared/domain/scripts/number_zones.py --version {version}
"""

# As the source writes whole states.
ABBREVIATIONS = {
    "Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA", "Colorado": "CO",
    "Connecticut": "CT", "Delaware": "DE", "Florida": "FL", "Georgia": "GA", "Hawaii": "HI", "Idaho": "ID",
    "Illinois": "IL", "Indiana": "IN", "Iowa": "IA", "Kansas": "KS", "Kentucky": "KY", "Louisiana": "LA",
    "Maine": "ME", "Maryland": "MD", "Massachusetts": "MA", "Michigan": "MI", "Minnesota": "MN", "Mississippi": "MS",
    "Missouri": "MO", "Montana": "MT", "Nebraska": "NE", "Nevada": "NV", "New Hampshire": "NH", "New Jersey": "NJ",
    "New Mexico": "NM", "New York": "NY", "North Carolina": "NC", "North Dakota": "ND", "Ohio": "OH",
    "Oklahoma": "OK", "Oregon": "OR", "Pennsylvania": "PA", "Rhode Island": "RI", "South Carolina": "SC",
    "South Dakota": "SD", "Tennessee": "TN", "Texas": "TX", "Utah": "UT", "Vermont": "VT", "Virginia": "VA",
    "Washington State": "WA", "Washington D.C.": "DC", "West Virginia": "WV", "Wisconsin": "WI", "Wyoming": "WY",
}

# The source places no numbers of the territories.
TERRITORIES = {"340": "VI", "670": "MP", "671": "GU", "684": "AS", "787": "PR", "939": "PR"}


def copyright_line(module: str) -> str:
    """Who holds the rights in a module, as its source says."""
    source = Path(importlib.import_module(module).__file__).read_text(encoding="utf-8")
    found = re.search(r"^# (Copyright .*)$", source, re.MULTILINE)
    if found is None:
        sys.exit(f"{module} has no copyright line any more: read its licence again")
    return found[1]


def zones_of_area(table: dict[str, set[str]], area: str) -> set[str]:
    """Every zone that a prefix of the area has, its own line included."""
    return set().union(*(zones for prefix, zones in table.items() if prefix.startswith(area)))


def nanp(source: dict[str, tuple[str, ...]]) -> dict[str, set[str]]:
    """The finished table."""
    table = {
        prefix.removeprefix(COUNTRY_CODE): set(zones)
        for prefix, zones in source.items()
        if prefix.startswith(COUNTRY_CODE)
    }
    whole_country = table.pop("")
    every_zone = set().union(*table.values())
    if every_zone != whole_country:
        sys.exit(f"zones of the country code alone differ from those of its prefixes: {every_zone ^ whole_country}")
    if odd := [prefix for prefix in table if not AREA_DIGITS <= len(prefix) <= LONGEST_PREFIX]:
        sys.exit(f"prefixes of an unexpected length, number_zones.rs would not find them: {odd}")

    for overlay, area in OVERLAYS.items():
        if any(prefix != overlay and prefix.startswith(overlay) for prefix in table):
            sys.exit(f"{overlay} has exchange data now: take it out of OVERLAYS")
        table[overlay] = zones_of_area(table, area) | table.get(overlay, set())
    for code in TOLL_FREE:
        if zones_of_area(table, code):
            sys.exit(f"toll-free {code} has zones of its own now: look again")
        table[code] = every_zone
    return table


def zones_text(version: str, table: dict[str, set[str]]) -> str:
    """The file of zones."""
    header = HEADER.format(
        package=PACKAGE,
        version=version,
        copyright=copyright_line("phonenumbers.tzdata"),
        overlays=", ".join(f"{overlay} ({area})" for overlay, area in sorted(OVERLAYS.items())),
        toll_free=", ".join(TOLL_FREE),
    )
    rows = (f"{prefix}\t{','.join(sorted(zones))}\n" for prefix, zones in sorted(table.items()))
    return header + "".join(rows)


def state_of(place: str) -> str | None:
    """The postal abbreviation of a place as libphonenumber writes it: `Texas`, or `San Antonio, TX`."""
    if place in ABBREVIATIONS:
        return ABBREVIATIONS[place]
    abbreviation = place.rpartition(", ")[2]
    return abbreviation if abbreviation in ABBREVIATIONS.values() else None


def states(places: dict[str, dict[str, str]], areas: set[str]) -> dict[str, set[str]]:
    """The area codes of each state. A code that names no place answers through its exchanges."""
    table: dict[str, set[str]] = {}
    for overlay in sorted(areas):
        area = OVERLAYS.get(overlay, overlay)
        whole = {state_of(places.get(COUNTRY_CODE + area, {}).get("en", ""))} - {None}
        exchanges = {
            state_of(place["en"]) for prefix, place in places.items()
            if prefix.startswith(COUNTRY_CODE + area) and "en" in place
        } - {None}
        found = {TERRITORIES[area]} if area in TERRITORIES else whole or exchanges
        if len(found) > 1:
            sys.exit(f"{overlay} is in several states: {sorted(found)}")
        for state in found:
            table.setdefault(state, set()).add(overlay)
    missing = set(ABBREVIATIONS.values()) | set(TERRITORIES.values())
    if missing := missing - set(table):
        sys.exit(f"no area code for {sorted(missing)}")
    return table


def states_text(version: str, table: dict[str, set[str]]) -> str:
    """The file of states."""
    header = STATES_HEADER.format(
        package=PACKAGE, version=version, copyright=copyright_line("phonenumbers.geodata.data0"))
    return header + "".join(f"{state}\t{' '.join(sorted(codes))}\n" for state, codes in sorted(table.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--version", help=f"version of {PACKAGE} to take, the newest by default")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        version = fetch(PACKAGE, arguments.version, "Apache", Path(folder))
        zones = nanp(importlib.import_module("phonenumbers.tzdata").TIMEZONE_DATA)
        places = importlib.import_module("phonenumbers.geodata").GEOCODE_DATA
        of_states = states(places, {prefix[:AREA_DIGITS] for prefix in zones})
        ZONES.write_text(zones_text(version, zones), encoding="utf-8", newline="\n")
        STATES.write_text(states_text(version, of_states), encoding="utf-8", newline="\n")
    print(f"{ZONES.name}: {len(zones)} prefixes, {len(set().union(*zones.values()))} zones, from {PACKAGE} {version}")
    print(f"{STATES.name}: {len(of_states)} states and territories, {sum(map(len, of_states.values()))} area codes")


if __name__ == "__main__":
    main()
