"""Holds dashboards against the routes and kinds that they name, and writes their queries as rules.

    boards.py RULES
"""

import json
import pathlib
import re
import sys

routes = {line.split()[1] for line in pathlib.Path("integration-tests/tests/api/routes.txt").read_text().splitlines() if line.strip()}
source = "".join(path.read_text() for path in pathlib.Path("shared/jobs/src/kinds").glob("*.rs"))
known = {"route": routes, "kind": set(re.findall(r'const NAME: &\'static str = "(.+)"', source))}
boards = [json.loads(path.read_text()) for path in sorted(pathlib.Path("deploy/grafana").glob("*.json"))]
rules = []
for board in boards:
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids), f"{board['title']} has a panel twice"
    for panel in board["panels"]:
        for target in panel["targets"]:
            query = target["expr"]
            rules.append({"record": f"board:{len(rules)}", "expr": query})
            for label, operator, value in re.findall(r'\b(route|kind)(=~?)"([^"]*)"', query):
                holds = re.compile(value).fullmatch if operator == "=~" else value.__eq__
                assert any(map(holds, known[label])), f"{board['title']}, {panel['title']}: there is no {label} {value}"
assert len({board["uid"] for board in boards}) == len(boards), "two dashboards have one uid"
# JSON is YAML.
pathlib.Path(sys.argv[1]).write_text(json.dumps({"groups": [{"name": "boards", "rules": rules}]}))
print(f"dashboards: {len(boards)}, {len(rules)} queries")
