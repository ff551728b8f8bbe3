"""Holds an OpenAPI document against the OpenAPI 3.1 specification.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt
    muster-api openapi | venv/bin/python check.py          # or: check.py FILE, or: check.py http://HOST/openapi.json

Prints each error with its place, and exits 1 if there is one. The tests of the repository hold the document and every answer against more than that;
this is another's opinion, for which Python is needed.
"""

import json
import sys
import urllib.request

from openapi_spec_validator import OpenAPIV31SpecValidator


def read(source):
    if source is None or source == "-":
        return json.load(sys.stdin)
    if source.startswith(("http://", "https://")):
        with urllib.request.urlopen(source) as answer:
            return json.load(answer)
    with open(source, encoding="utf-8") as file:
        return json.load(file)


def main():
    document = read(sys.argv[1] if len(sys.argv) > 1 else None)
    errors = list(OpenAPIV31SpecValidator(document).iter_errors())
    for error in errors:
        print("/".join(map(str, error.absolute_path)) or "(document)", error.message[:300], sep=": ")
    operations = [
        operation
        for item in document["paths"].values()
        for method, operation in item.items()
        if method in ("get", "put", "post", "delete", "patch")
    ]
    print(f"{len(operations)} operations, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
