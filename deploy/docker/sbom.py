#!/usr/bin/env python3
"""Writes the bill of materials (CycloneDX 1.6) of everything in a Cargo.lock.

    sbom.py CARGO_LOCK [METADATA]

METADATA is the output of `cargo metadata`, or `-` for standard input: with it, packages have their
licences. The same files give the same bill; SOURCE_DATE_EPOCH is its time.
"""

import datetime
import hashlib
import json
import os
import sys
import tomllib
import uuid


def reference(package):
    """Returns a package's name in the bill: its package URL."""
    if "source" in package:
        return f"pkg:cargo/{package['name']}@{package['version']}"
    return f"pkg:generic/muster/{package['name']}@{package['version']}"


def find(packages, dependency):
    """Returns the package that an entry means: a name, with its version where there are several."""
    name, *version = dependency.split(" ")[:2]
    found = [one for one in packages if one["name"] == name and (not version or one["version"] == version[0])]
    if len(found) != 1:
        sys.exit(f"{dependency} is {len(found)} packages of the lock file")
    return found[0]


def component(package, licences):
    result = {
        "type": "library",
        "bom-ref": reference(package),
        "name": package["name"],
        "version": package["version"],
        "purl": reference(package),
    }
    if "checksum" in package:
        result["hashes"] = [{"alg": "SHA-256", "content": package["checksum"]}]
    licence = licences.get((package["name"], package["version"]))
    if licence:
        # `MIT/Apache-2.0` is an older way to write it.
        result["licenses"] = [{"expression": licence.replace("/", " OR ")}]
    return result


def main():
    lock, *metadata = sys.argv[1:]
    with open(lock, "rb") as file:
        text = file.read()
    packages = tomllib.loads(text.decode())["package"]
    licences = {}
    if metadata:
        with sys.stdin if metadata[0] == "-" else open(metadata[0]) as file:
            licences = {(one["name"], one["version"]): one["license"] for one in json.load(file)["packages"]}
    time = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.UTC)
    version = find(packages, "muster")["version"]
    own = [reference(one) for one in packages if "source" not in one]
    graph = [
        {"ref": reference(one), "dependsOn": sorted(reference(find(packages, other)) for other in one.get("dependencies", []))}
        for one in packages
    ]
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.UUID(bytes=hashlib.sha256(text).digest()[:16], version=4)}",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {"type": "application", "bom-ref": "muster", "name": "muster", "version": version},
        },
        "components": [component(one, licences) for one in packages],
        "dependencies": [{"ref": "muster", "dependsOn": sorted(own)}, *graph],
    }
    json.dump(bill, sys.stdout, indent=1)
    print()


main()
