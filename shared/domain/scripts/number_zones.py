#!/usr/bin/env python3
"""Writes data/nanp_zones.txt: telephone prefix -> IANA time zones, for country code 1.

Run by a maintainer when the numbering plan has moved on; the build never runs it.
It needs Python 3.10 or later with pip, and the network:

    python3 shared/domain/scripts/number_zones.py                     # newest data
    python3 shared/domain/scripts/number_zones.py --version 9.0.43    # that version

The source is libphonenumber's table as the PyPI package `phonenumbers` ships it
(Apache-2.0; see data/NOTICE). The package goes into a temporary folder and nothing else
on the machine changes. The same version gives the same bytes.
"""

import argparse
import importlib
import importlib.metadata
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = "phonenumbers"
COUNTRY_CODE = "1"
AREA_DIGITS = 3
LONGEST_PREFIX = 6
OUTPUT = Path(__file__).resolve().parent.parent / "data" / "nanp_zones.txt"

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


def install(version: str | None, target: Path) -> None:
    """Installs the package into `target`, the newest when no version is asked for."""
    requirement = f"{PACKAGE}=={version}" if version else PACKAGE
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps",
         "--disable-pip-version-check", "--target", str(target), requirement],
        check=True,
    )


def load(target: Path) -> tuple[str, str, dict[str, tuple[str, ...]]]:
    """The version, the copyright line and the whole prefix table of the installed package."""
    [package] = importlib.metadata.distributions(name=PACKAGE, path=[str(target)])
    metadata = package.metadata
    licence = metadata.get("License-Expression") or metadata.get("License") or ""
    if "Apache" not in licence:
        sys.exit(f"{PACKAGE} {package.version} has the licence {licence!r}, not Apache-2.0: read it first")
    sys.path.insert(0, str(target))
    tzdata = importlib.import_module("phonenumbers.tzdata")
    source = Path(tzdata.__file__).read_text(encoding="utf-8")
    found = re.search(r"^# (Copyright .*)$", source, re.MULTILINE)
    if found is None:
        sys.exit("phonenumbers.tzdata has no copyright line any more: read its licence again")
    return package.version, found[1], tzdata.TIMEZONE_DATA


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


def text(version: str, copyright_line: str, table: dict[str, set[str]]) -> str:
    """The file."""
    header = HEADER.format(
        package=PACKAGE,
        version=version,
        copyright=copyright_line,
        overlays=", ".join(f"{overlay} ({area})" for overlay, area in sorted(OVERLAYS.items())),
        toll_free=", ".join(TOLL_FREE),
    )
    rows = (f"{prefix}\t{','.join(sorted(zones))}\n" for prefix, zones in sorted(table.items()))
    return header + "".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--version", help=f"version of {PACKAGE} to take, the newest by default")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        install(arguments.version, Path(folder))
        version, copyright_line, source = load(Path(folder))
    table = nanp(source)
    OUTPUT.write_text(text(version, copyright_line, table), encoding="utf-8", newline="\n")
    zones = set().union(*table.values())
    print(f"{OUTPUT.name}: {len(table)} prefixes, {len(zones)} zones, from {PACKAGE} {version}")


if __name__ == "__main__":
    main()
