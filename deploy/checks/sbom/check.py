"""Holds a bill of materials against CycloneDX's schema and against Cargo.lock.

    check.py BILL
"""

import json
import pathlib
import re
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

text = pathlib.Path(sys.argv[1]).read_text()
fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
if fault:
    sys.exit(f"sbom: not valid: {fault}")
bill = json.loads(text)

# Read apart from the program that made the bill.
lock = pathlib.Path("Cargo.lock").read_text()
locked = re.findall(r'^\[\[package\]\]\nname = "(.+)"\nversion = "(.+)"(?:\nsource = ".+"\nchecksum = "(\w+)")?', lock, re.MULTILINE)
if len(locked) != lock.count("[[package]]"):
    sys.exit("sbom: Cargo.lock has a package of another form")
listed = {(one["name"], one["version"], one.get("hashes", [{"content": ""}])[0]["content"]) for one in bill["components"]}
if listed != set(locked) or len(bill["components"]) != len(locked):
    sys.exit(f"sbom: not as in Cargo.lock: {sorted(listed ^ set(locked))}")
without = [one["name"] for one in bill["components"] if one["purl"].startswith("pkg:cargo/") and "licenses" not in one]
known = {one["bom-ref"] for one in bill["components"]}
used = {other for one in bill["dependencies"] for other in one["dependsOn"]}
if used - known:
    sys.exit(f"sbom: unknown dependencies: {sorted(used - known)}")
print(f"sbom: {len(locked)} packages of Cargo.lock, {len(without)} without a licence in their manifest {without}")
