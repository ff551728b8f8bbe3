//! The import rules, checked over `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::cargo;

/// Imports that each of our crates may have of ours, in its own build. A crate that is not here may
/// not exist.
const OURS: [(&str, &[&str]); 21] = [
    ("muster-domain", &[]),
    ("muster-ingest", &["muster-domain"]),
    ("muster-jobs", &["muster-domain"]),
    ("muster-storage", &["muster-domain", "muster-jobs"]),
    ("muster-broker", &["muster-domain", "muster-jobs"]),
    ("muster-carrier", &["muster-domain", "muster-jobs"]),
    ("muster-fetch", &[]),
    ("muster-mail", &[]),
    ("muster-objects", &["muster-ingest"]),
    ("muster-service", &[]),
    ("muster-console", &["muster-domain"]),
    ("muster-scheduler", SHARED),
    ("muster-workers", SHARED),
    ("muster-api", API),
    ("muster", SHARED),
    ("muster-simulator", &[]),
    ("muster-local", &[]),
    ("muster-rehearsal", ANYTHING),
    ("muster-integration-tests", ANYTHING),
    ("muster-bench", ANYTHING),
    ("xtask", &[]),
];

const SHARED: &[&str] = &[
    "muster-domain",
    "muster-ingest",
    "muster-jobs",
    "muster-storage",
    "muster-broker",
    "muster-carrier",
    "muster-fetch",
    "muster-mail",
    "muster-objects",
    "muster-service",
];

/// The api serves the console, which knows it as a router alone.
const API: &[&str] = &[
    "muster-console",
    "muster-domain",
    "muster-ingest",
    "muster-jobs",
    "muster-storage",
    "muster-broker",
    "muster-carrier",
    "muster-fetch",
    "muster-mail",
    "muster-objects",
    "muster-service",
];

const ANYTHING: &[&str] = &[
    "muster-console",
    "muster-domain",
    "muster-ingest",
    "muster-jobs",
    "muster-storage",
    "muster-broker",
    "muster-carrier",
    "muster-fetch",
    "muster-mail",
    "muster-objects",
    "muster-service",
    "muster-scheduler",
    "muster-workers",
    "muster-api",
    "muster-simulator",
    "muster-local",
    "muster-rehearsal",
];

/// Libraries that one crate alone may use. `integration-tests` may use any, to look behind the
/// scenes, and `bench`, to measure the bare servers.
const OWNERS: [(&str, &str); 6] = [
    ("sqlx", "muster-storage"),
    ("lapin", "muster-broker"),
    ("object_store", "muster-objects"),
    ("lettre", "muster-mail"),
    ("opentelemetry_sdk", "muster-service"),
    ("figment", "muster-service"),
];

const BEHIND_THE_SCENES: [&str; 2] = ["muster-integration-tests", "muster-bench"];

/// The pure crates, and the libraries that they may not know.
const PURE: [&str; 2] = ["muster-domain", "muster-ingest"];
const NOT_IN_PURE: [&str; 6] = ["tokio", "sqlx", "lapin", "reqwest", "opentelemetry", "tracing"];

/// Fails with every import that breaks a rule.
pub(crate) fn check() -> anyhow::Result<()> {
    let output = cargo().args(["metadata", "--format-version", "1", "--no-deps"]).output().context("cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let broken = violations(&serde_json::from_slice(&output.stdout)?);
    ensure!(broken.is_empty(), "imports break the rules:\n  {}", broken.join("\n  "));
    Ok(())
}

fn violations(metadata: &Value) -> Vec<String> {
    let allowed: BTreeMap<_, _> = OURS.into_iter().collect();
    let mut broken = Vec::new();
    let mut seen = BTreeSet::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        seen.insert(name);
        let Some(may) = allowed.get(name) else {
            broken.push(format!("{name} is not in the list of crates"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let other = dependency["name"].as_str().unwrap_or_default();
            // Dependencies of a crate's own tests are theirs.
            if dependency["kind"].as_str() == Some("dev") {
                continue;
            }
            if allowed.contains_key(other) && !may.contains(&other) {
                broken.push(format!("{name} imports {other}"));
            }
            if PURE.contains(&name) && NOT_IN_PURE.contains(&other) {
                broken.push(format!("{name} imports {other}, but is pure"));
            }
            for (library, owner) in OWNERS {
                if other == library && name != owner && !BEHIND_THE_SCENES.contains(&name) {
                    broken.push(format!("{name} imports {library}, which only {owner} may"));
                }
            }
        }
    }
    broken
        .extend(OURS.iter().filter(|(name, _)| !seen.contains(name)).map(|(name, _)| format!("{name} does not exist")));
    broken
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn metadata(name: &str, dependency: &str) -> Value {
        let mut packages: Vec<Value> =
            OURS.iter().map(|(name, _)| json!({ "name": name, "dependencies": [] })).collect();
        packages.push(json!({ "name": name, "dependencies": [{ "name": dependency, "kind": null }] }));
        json!({ "packages": packages })
    }

    #[test]
    fn what_breaks_a_rule_is_found() {
        for (name, dependency) in [
            ("muster-domain", "tokio"),
            ("muster-ingest", "tokio"),
            ("muster-ingest", "muster-storage"),
            ("muster-storage", "muster-broker"),
            ("muster-workers", "muster-scheduler"),
            ("muster-api", "sqlx"),
            ("muster-console", "muster-api"),
            ("muster-console", "muster-storage"),
            ("muster-workers", "muster-console"),
            ("muster-scheduler", "lapin"),
            ("muster-local", "muster-rehearsal"),
            ("muster-rehearsal", "muster-integration-tests"),
        ] {
            assert_eq!(violations(&metadata(name, dependency)).len(), 1, "{name} → {dependency}");
        }
        assert!(violations(&metadata("muster-workers", "muster-storage")).is_empty());
    }

    #[test]
    fn this_workspace_keeps_the_rules() {
        check().unwrap();
    }
}
