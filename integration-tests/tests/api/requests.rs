//! Requests that are made of the document: one that it calls wrong is refused and changes nothing,
//! and one that it calls right never breaks the api. A bound that the document says and the code
//! does not keep, or the other way round, fails here.

use std::collections::{BTreeMap, BTreeSet};

use muster_integration_tests::{Call, Client, DOCUMENT, Organization, World, goal_at, text};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    request_values::{as_parameter, escaped, right, set, shown, without, wrong, wrong_bodies},
    samples::{Operation, Who, body, operations},
};

/// Something of each kind to name, and somebody of each kind to ask.
pub(crate) struct Made {
    pub(crate) world: World,
    pub(crate) organization: Organization,
    pub(crate) agent: Client,
    pub(crate) operator: Client,
    pub(crate) ids: BTreeMap<&'static str, String>,
}

impl Made {
    pub(crate) async fn start(world: World) -> Self {
        let organization = world.organization("Ours").await;
        let group = organization.group("One").await;
        let (agent, _) = organization.agent(&group).await;
        let operator = world.operator("act").await;
        let goal = goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", json!({}));
        let goal = organization.draft(&group, goal).await;
        let source = json!({ "group_id": group, "name": "Known", "url": "store:known.csv" });
        let source = text(&organization.admin.post(&organization.at("import-sources"), source).await.ok()["id"]);
        let contact = world.plant_contact_in(&organization.id, &group, "+16465550001").await;
        let ids = BTreeMap::from([
            ("organization_id", organization.id.clone()),
            ("group_id", group),
            ("goal_id", goal),
            ("member_id", agent.id.clone()),
            ("contact_id", contact),
            ("source_id", source),
        ]);
        Self { world, organization, agent: agent.client, operator, ids }
    }

    pub(crate) fn caller(&self, operation: &Operation) -> Client {
        match operation.who() {
            Who::Admins | Who::Anyone => self.organization.admin.clone(),
            Who::Agents => self.agent.clone(),
            Who::Operators => self.operator.clone(),
            Who::Carrier | Who::Public => self.world.nobody(),
        }
    }

    /// Returns a body that has the right form and names existing records.
    pub(crate) fn body(&self, schema: &str) -> Value {
        let mut body = body(schema);
        for (name, id) in [("group_id", json!(self.ids["group_id"])), ("group_ids", json!([self.ids["group_id"]]))] {
            if body.get(name).is_some() {
                body[name] = id;
            }
        }
        body
    }
}

#[tokio::test]
async fn what_the_document_says_is_wrong_is_refused_and_changes_nothing() {
    World::with_api()
        .run(async |world| {
            let made = Made::start(world).await;
            let before = made.world.contents().await;
            let (mut faults, mut asked) = (Vec::new(), 0);
            for operation in operations(&DOCUMENT.0) {
                let url = operation.url(&made.ids);
                let caller = made.caller(&operation);
                let mut calls: Vec<(String, String, Call)> = Vec::new();
                if let Some(schema) = operation.schema() {
                    let bodies = wrong_bodies(&made, schema);
                    calls.extend(
                        bodies
                            .into_iter()
                            .map(|(why, body)| (format!("{why}: {}", shown(&body)), url.clone(), Call::json(&body))),
                    );
                }
                for parameter in operation.spec["parameters"].as_array().into_iter().flatten() {
                    let name = parameter["name"].as_str().unwrap();
                    match parameter["in"].as_str().unwrap() {
                        "query" => {
                            let base = without(&url, name);
                            if parameter["required"] == true {
                                calls.push((format!("without {name}"), base.clone(), operation.sample()));
                            }
                            for value in wrong(&parameter["schema"]).iter().filter_map(|(_, value)| as_parameter(value))
                            {
                                // A parameter that is read as a text is one.
                                if DOCUMENT
                                    .misfits(&parameter["schema"], &read(&parameter["schema"], &value))
                                    .is_empty()
                                {
                                    continue;
                                }
                                let url = format!("{base}&{name}={}", escaped(&value));
                                calls.push((
                                    format!("{name}={}", &value[..value.len().min(40)]),
                                    url,
                                    operation.sample(),
                                ));
                            }
                        }
                        "header" if name == "Idempotency-Key" => {
                            for key in ["", &"k".repeat(201)] {
                                calls.push((
                                    format!("a key of {}", key.len()),
                                    url.clone(),
                                    operation.sample().key(key),
                                ));
                            }
                        }
                        _ => {}
                    }
                }
                for (why, url, call) in calls {
                    asked += 1;
                    let answer = caller.call(operation.method.clone(), &url, call).await;
                    if ![400, 403, 404, 409, 422].contains(&answer.status)
                        || answer.header("content-type") != "application/problem+json"
                    {
                        faults.push(format!("{}: {why}: {} {}", operation.name(), answer.status, answer.text));
                    }
                }
            }
            assert!(asked > 500, "only {asked} requests were made of the document");
            assert!(faults.is_empty(), "{} of {asked}:\n{}", faults.len(), faults.join("\n"));
            let after = made.world.contents().await;
            for (table, before) in &before {
                assert_eq!(&after[table], before, "{table} was changed");
            }
        })
        .await;
}

/// Returns a parameter's text as the value that it is read as.
fn read(schema: &Value, text: &str) -> Value {
    let kind = &DOCUMENT.resolve(schema)["type"];
    match kind.as_str().unwrap_or_default() {
        "integer" | "boolean" => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        _ => json!(text),
    }
}

/// The values at the bounds are asked for. Each may be refused for a reason that no schema has (a
/// script without opt-out instruction), but a bound is no reason, and nothing breaks.
#[tokio::test]
async fn what_the_document_says_is_right_is_read_and_never_breaks_the_api() {
    World::with_api()
        .run(async |world| {
            let made = Made::start(world).await;
            let mut faults = Vec::new();
            for operation in operations(&DOCUMENT.0) {
                let url = operation.url(&made.ids);
                let caller = made.caller(&operation).clone();
                let Some(schema) = operation.schema() else {
                    if operation.method == Method::GET && !operation.path.ends_with("/events") {
                        let answer = caller.call(operation.method.clone(), &url, Call::empty()).await;
                        faults.extend((answer.status >= 500).then(|| format!("{}: {}", operation.name(), answer.text)));
                    }
                    continue;
                };
                let sample = made.body(schema);
                let misfits = DOCUMENT.misfits(&json!({ "$ref": format!("#/components/schemas/{schema}") }), &sample);
                assert!(misfits.is_empty(), "the sample of {schema} does not fit the document: {misfits:?}");
                let says = DOCUMENT.0.pointer(&format!("/components/schemas/{schema}")).unwrap();
                let mut bodies = vec![("the sample".to_owned(), sample.clone())];
                for (name, says) in says["properties"].as_object().unwrap() {
                    bodies.extend(
                        right(says)
                            .into_iter()
                            .map(|value| (format!("{name} {}", shown(&value)), set(&sample, name, value))),
                    );
                }
                for (why, body) in bodies {
                    let answer = caller.call(operation.method.clone(), &url, Call::json(&body)).await;
                    let bound = [
                        "more than",
                        "must be 1 to",
                        "must not be blank",
                        "unknown variant",
                        "invalid type",
                        "missing field",
                    ];
                    if answer.status >= 500
                        || (answer.status == 422 && bound.iter().any(|words| answer.text.contains(words)))
                    {
                        faults.push(format!("{}: {why}: {} {}", operation.name(), answer.status, answer.text));
                    }
                }
            }
            assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults.join("\n"));
        })
        .await;
}

/// Rule S5 and others: bounds are said, so that clients need not find them out. Members that may be
/// of any length or size are these alone.
#[test]
fn bounds_of_requests_are_said() {
    let mut unbounded = BTreeSet::new();
    for operation in operations(&DOCUMENT.0) {
        let Some(schema) = operation.schema() else { continue };
        let says = DOCUMENT.0.pointer(&format!("/components/schemas/{schema}")).unwrap();
        for (name, says) in says["properties"].as_object().unwrap() {
            let told = told(says);
            let bounded = [
                "maxLength",
                "pattern",
                "maximum",
                "maxItems",
                "enum",
                "uuid",
                "boolean",
                "properties",
                "date-time",
                "\"int64\"",
            ]
            .iter()
            .any(|word| told.contains(word));
            if !bounded {
                unbounded.insert(format!("{schema}.{name}"));
            }
        }
    }
    let known = ["NewRedaction.confirmation", "NewRedaction.phone", "ProfileEdit.fields", "SourceBody.mapping"];
    assert_eq!(unbounded, known.map(ToOwned::to_owned).into());
}

/// Returns a schema with the schemas that it refers to.
fn told(schema: &Value) -> String {
    let resolved = DOCUMENT.resolve(schema);
    let either = resolved["oneOf"].as_array().into_iter().flatten().map(told);
    let items = resolved.get("items").map(told).unwrap_or_default();
    format!("{resolved}{items}{}", either.collect::<String>())
}
