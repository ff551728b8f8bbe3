"""Holds the rendered chart against schemas, the documentation and the programs.

    check.py FOLDER LEAST WHOLE BARE

Writes the custom resources (`custom.json`) and a test of the autoscaler's queries
(`queries.test.yaml`) into FOLDER, for tools of other languages.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import kubernetes_validate
import yaml

VERSIONS = ["1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37"]
CUSTOM = ("keda.sh/", "monitoring.coreos.com/")
PROCESSES = {"muster-api": "api", "muster-scheduler": "scheduler", "muster-worker": "worker"}
SECRETS = {
    "database": "postgres://muster:secret@postgres/muster",
    "databaseOwner": "postgres://owner:secret@postgres/muster",
    "broker": "amqp://muster:secret@rabbitmq/muster",
    "brokerManagement": "http://muster:secret@rabbitmq:15672",
    "carrierAuthToken": "0" * 32,
    "phoneHashKey": "0" * 64,
    "phoneHashKeyPrevious": "1" * 64,
    "signInKey": "0" * 64,
    "objectStoreKey": "secret",
}


def fail(message):
    sys.exit(f"chart: {message}")


def ensure(holds, message):
    if not holds:
        fail(message)


def read(path):
    with open(path) as file:
        return [document for document in yaml.safe_load_all(file) if document]


def title(document):
    return f"{document['kind']} {document['metadata']['name']}"


def of_kind(documents, kind):
    return [document for document in documents if document["kind"] == kind]


def check_schemas(documents):
    for document in documents:
        if document["apiVersion"].startswith(CUSTOM):
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except Exception as error:
                fail(f"{title(document)}, Kubernetes {version}: {error}")


def pods(documents):
    """Yields each pod template with the object that makes it."""
    for document in documents:
        if document["kind"] in ("Deployment", "Job"):
            yield document, document["spec"]["template"]


def check_hardening(document, template):
    name = title(document)
    pod = template["spec"]
    security = pod["securityContext"]
    ensure(security["runAsNonRoot"] and security["runAsUser"] > 0, f"{name} may run as root")
    ensure(security["seccompProfile"]["type"] == "RuntimeDefault", f"{name} has no seccomp profile")
    ensure(pod["automountServiceAccountToken"] is False, f"{name} has a token of the cluster")
    for container in pod["containers"]:
        inside = container["securityContext"]
        ensure(inside["readOnlyRootFilesystem"], f"{name} may write its image's files")
        ensure(not inside["allowPrivilegeEscalation"], f"{name} may gain rights")
        ensure(inside["capabilities"] == {"drop": ["ALL"]}, f"{name} has capabilities")
        ensure("requests" in container["resources"] and "memory" in container["resources"]["limits"], f"{name} has no resources")
        for variable in container["env"]:
            value = str(variable.get("value", ""))
            ensure("secret" not in value.replace("/run/secrets/", ""), f"{name}: {variable['name']} has a secret")


def check_daemon(document, template):
    name = title(document)
    pod = template["spec"]
    (container,) = pod["containers"]
    variables = {variable["name"]: variable for variable in container["env"]}
    ensure(len(variables) == len(container["env"]), f"{name} sets a variable twice")
    process_name = variables["MUSTER_PROCESS_NAME"]["valueFrom"]["fieldRef"]["fieldPath"]
    ensure(process_name == "metadata.name", f"{name} is not called by its pod's name")
    grace = int(variables["MUSTER_SHUTDOWN_GRACE_SECONDS"]["value"])
    before = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    ensure(pod["terminationGracePeriodSeconds"] >= grace + before + 10, f"{name} is killed before its own grace time is over")
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    health = variables.get("MUSTER_HEALTH_LISTEN", variables["MUSTER_LISTEN"])["value"]
    ensure(health.endswith(f":{ports['health']}"), f"{name} answers health elsewhere than probes ask")
    ensure(ports.get("http") != ports["health"], f"{name} has health on its public port")
    for probe, path in [("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")]:
        request = container[probe]["httpGet"]
        ensure(request == {"path": path, "port": "health"}, f"{name}: {probe} asks {request}")


def check_migration(documents):
    """The Jobs run before new pods, in order, and use nothing that the chart makes."""
    jobs = of_kind(documents, "Job")
    made = {document["metadata"]["name"] for document in documents}
    weights = []
    for job in jobs:
        annotations = job["metadata"]["annotations"]
        ensure(annotations["helm.sh/hook"] == "pre-install,pre-upgrade", f"{title(job)} is no hook of Helm")
        ensure(annotations["argocd.argoproj.io/hook"] == "PreSync", f"{title(job)} has no phase of Argo CD")
        weights.append(int(annotations["helm.sh/hook-weight"]))
        pod = job["spec"]["template"]["spec"]
        ensure("serviceAccountName" not in pod, f"{title(job)} needs an account that is not there yet")
        for volume in pod["volumes"]:
            for source in volume["projected"]["sources"]:
                ensure(source["secret"]["name"] not in made, f"{title(job)} needs what is not there yet")
    ensure(weights == sorted(set(weights)), "the Jobs have no order")
    return [job["spec"]["template"]["spec"]["containers"][0]["args"] for job in jobs]


def check_selectors(documents):
    deployments = of_kind(documents, "Deployment")
    selects = lambda selector, labels: selector.items() <= labels.items()
    labels = lambda deployment: deployment["spec"]["template"]["metadata"]["labels"]
    for document in of_kind(documents, "PodDisruptionBudget"):
        chosen = [one for one in deployments if selects(document["spec"]["selector"]["matchLabels"], labels(one))]
        ensure(len(chosen) == 1, f"{title(document)} is for {len(chosen)} Deployments")
    for document in of_kind(documents, "Service"):
        chosen = [one for one in deployments if selects(document["spec"]["selector"], labels(one))]
        ensure([title(one) for one in chosen] == ["Deployment muster-api"], f"{title(document)} leads to {len(chosen)} Deployments")
    policies = of_kind(documents, "NetworkPolicy")
    if policies:
        everything = policies[0]["spec"]
        for document, template in pods(documents):
            ensure(selects(everything["podSelector"]["matchLabels"], template["metadata"]["labels"]), f"no policy is for {title(document)}")
        ensure(everything["policyTypes"] == ["Ingress", "Egress"], "the policy leaves a direction open")
        for policy in policies:
            for rule in policy["spec"]["ingress"]:
                if any(port["port"] == 9090 for port in rule["ports"]):
                    ensure(rule["from"], "every pod of the cluster may read metrics")


def check_settings(documents, program):
    """Each variable is in the documentation, and each daemon takes its own."""
    page = pathlib.Path("docs/configuration.md").read_text()
    forms = dict(re.findall(r"^\| `\w+` \| `(MUSTER_\w+)` \| (\w+)", page, re.MULTILINE))
    for document, template in pods(documents):
        for container in template["spec"]["containers"]:
            for variable in (one["name"] for one in container["env"]):
                secret = variable.removesuffix("_FILE")
                known = variable in forms if secret == variable else forms.get(secret) == "secret"
                ensure(known, f"{title(document)}: docs/configuration.md has no {variable}")
            process = PROCESSES.get(container["command"][0].removeprefix("/usr/bin/"))
            if program and process:
                load_settings(title(document), container, process, program)


def load_settings(name, container, process, program):
    with tempfile.TemporaryDirectory() as folder:
        for secret, value in SECRETS.items():
            pathlib.Path(folder, secret).write_text(value + "\n")
        environment = {}
        for variable in container["env"]:
            value = variable.get("value", "pod-1")
            environment[variable["name"]] = value.replace("/run/secrets/muster", folder)
        command = [program, "config", "check", "--process", process, "--json"]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        ensure(run.returncode == 0, f"{name} does not start with its settings: {run.stderr}{run.stdout}")


def check_autoscaling(documents, folder):
    scaled = of_kind(documents, "ScaledObject")
    ensure(len(scaled) == 2, "there is no pool to scale")
    manual = {title(one): "replicas" in one["spec"] for one in of_kind(documents, "Deployment")}
    page = pathlib.Path("docs/operations.md").read_text()
    for document in scaled:
        spec = document["spec"]
        ensure(not manual[f"Deployment {spec['scaleTargetRef']['name']}"], f"{title(document)}: each upgrade would undo it")
        down = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        ensure(down["stabilizationWindowSeconds"] >= 300, f"{title(document)} takes workers away at once")
        ensure([policy["value"] for policy in down["policies"]] == [1], f"{title(document)} takes several workers away at once")
        for trigger in spec["triggers"]:
            query = trigger["metadata"]["query"]
            for metric in set(re.findall(r"\bmuster_\w+", query)):
                ensure(f"`{metric}`" in page, f"docs/operations.md has no metric {metric}")
    queries = {trigger["name"]: trigger["metadata"]["query"] for trigger in scaled[0]["spec"]["triggers"]}
    write_queries(queries, folder)


def write_queries(queries, folder):
    """A test of the queries in Prometheus' own terms: two schedulers tell the same figures."""
    def series(figures):
        return [
            {"series": f'{name}{{instance="{instance}",{labels}}}' if labels else f'{name}{{instance="{instance}"}}', "values": f"{value}x10"}
            for name, labels, value in figures
            for instance in ("scheduler-1", "scheduler-2")
        ]

    alive = ("muster_processes", 'role="scheduler"', 2)
    busy = [
        alive,
        ("muster_engine_jobs_due", 'kind="send"', 1000),
        ("muster_engine_jobs_due", 'kind="import-apply"', 7),
        ("muster_engine_jobs", 'kind="send",state="published"', 8),
        ("muster_engine_jobs", 'kind="send",state="running"', 4),
        ("muster_engine_jobs", 'kind="send",state="parked"', 5000),
        ("muster_engine_drain_seconds", 'kind="send"', 600),
        ("muster_engine_drain_seconds", 'kind="import-apply"', 9000),
    ]
    running = [alive, ("muster_engine_jobs", 'kind="send",state="running"', 4)]
    cases = [
        ("the pool's kinds alone, once however many schedulers tell them", busy, 1012, 600),
        ("jobs that run keep their workers though none is due", running, 4, 0),
        ("idle", [alive], 0, 0),
        ("no figures are no answer, and not an idle system", [], None, None),
    ]
    expect = lambda query, value: {
        "expr": query,
        "eval_time": "5m",
        "exp_samples": [] if value is None else [{"labels": "{}", "value": value}],
    }
    tests = [
        {
            "interval": "1m",
            "name": name,
            "input_series": series(figures),
            "promql_expr_test": [expect(queries["jobs"], jobs), expect(queries["time-to-drain"], drain)],
        }
        for name, figures, jobs, drain in cases
    ]
    pathlib.Path(folder, "queries.test.yaml").write_text(yaml.safe_dump({"tests": tests}, width=1000))


def check_version():
    (version,) = re.findall(r'^version = "(.+)"$', pathlib.Path("Cargo.toml").read_text(), re.MULTILINE)
    chart = yaml.safe_load(pathlib.Path("deploy/helm/muster/Chart.yaml").read_text())
    ensure(chart["version"] == chart["appVersion"] == version, f"the chart is not of version {version}")


def main():
    folder, *paths = sys.argv[1:]
    program = f"{os.environ.get('CARGO_TARGET_DIR', 'target')}/debug/muster"
    program = program if os.access(program, os.X_OK) else None
    count = 0
    for path in paths:
        documents = read(path)
        count += len(documents)
        ensure(not of_kind(documents, "Secret"), f"{path} carries a secret")
        check_schemas(documents)
        for document, template in pods(documents):
            check_hardening(document, template)
            if document["kind"] == "Deployment":
                check_daemon(document, template)
        check_selectors(documents)
        check_settings(documents, program)
    least, whole, bare = map(read, paths)
    ensure(check_migration(least) == [["migrate", "--roles"]], "the migration is missing")
    ensure(check_migration(whole) == [["migrate", "--roles"], ["broker", "apply"]], "the broker's policy is missing")
    ensure(check_migration(bare) == [], "a migration that is switched off is there")
    check_autoscaling(whole, folder)
    check_version()
    custom = [document for document in whole if document["apiVersion"].startswith(CUSTOM)]
    ensure({document["kind"] for document in custom} == {"ScaledObject", "PodMonitor", "PrometheusRule"}, "a custom resource is missing")
    pathlib.Path(folder, "custom.json").write_text(json.dumps(custom))
    dashboards = [one for one in of_kind(whole, "ConfigMap") if all(json.loads(value)["title"] for value in one["data"].values())]
    ensure(len(dashboards) == len(list(pathlib.Path("deploy/grafana").glob("*.json"))), "a dashboard is missing")
    settings = "read by the programs" if program else "not read by the programs, which are not built"
    print(f"chart: {count} objects are valid for Kubernetes {VERSIONS[0]} to {VERSIONS[-1]}; settings {settings}")


main()
