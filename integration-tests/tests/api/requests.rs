//! Requests that are made of the document: one that it calls wrong is refused and changes nothing,
//! and one that it calls right never breaks the api. A bound that the document says and the code
//! does not keep, or the other way round, fails here.

use muster_integration_tests::{Call, Client, DOCUMENT, Organization, World, goal_at, text, urlencoded};
use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use crate::samples::{Operation, Who, body, operations};

/// Something of each kind to name, and somebody of each kind to ask.
struct Made {
    world: World,
    organization: Organization,
    agent: Client,
    ids: BTreeMap<&'static str, String>,
}

impl Made {
    async fn start(world: World) -> Self {
        let organization = world.organization("Ours").await;
        let group = organization.group("One").await;
        let (agent, _) = organization.agent(&group).await;
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
        Self { world, organization, agent: agent.client, ids }
    }

    fn caller(&self, operation: &Operation) -> Client {
        match operation.who() {
            Who::Admins | Who::Anyone => self.organization.admin.clone(),
            Who::Agents => self.agent.clone(),
            Who::Carrier => self.world.nobody(),
        }
    }

    /// Returns a body that has the right form and names existing records.
    fn body(&self, schema: &str) -> Value {
        let mut body = body(schema);
        for (name, id) in [("group_id", json!(self.ids["group_id"])), ("group_ids", json!([self.ids["group_id"]]))] {
            if body.get(name).is_some() {
                body[name] = id;
            }
        }
        body
    }
}

/// Values that a schema says are right and are at its bounds, as far as they can be made of it.
fn right(schema: &Value) -> Vec<Value> {
    let mut values = thought_right(schema);
    values.retain(|value| DOCUMENT.misfits(schema, value).is_empty());
    values
}

fn thought_right(schema: &Value) -> Vec<Value> {
    let schema = DOCUMENT.resolve(schema);
    if let Some(words) = schema["enum"].as_array() {
        return words.clone();
    }
    if let Some(either) = schema["oneOf"].as_array() {
        return either.iter().flat_map(right).collect();
    }
    let kind = schema["type"].as_array().map_or_else(|| &schema["type"], |kinds| &kinds[0]);
    let number = |name: &str, usual: i64| schema[name].as_i64().unwrap_or(usual);
    match kind.as_str().unwrap_or_default() {
        "null" => vec![Value::Null],
        "boolean" => vec![json!(true), json!(false)],
        "integer" => vec![json!(number("minimum", 0)), json!(number("maximum", 9))],
        "string" if schema.get("pattern").is_none_or(|pattern| pattern == "\\S") && schema["format"].is_null() => {
            let long = |name: &str, usual| "x".repeat(usize::try_from(number(name, usual)).unwrap());
            vec![json!(long("minLength", 0)), json!(long("maxLength", 9))]
        }
        "object" if schema["properties"].is_object() => vec![least(schema)],
        _ => Vec::new(),
    }
}

/// Returns an object with no more than it must have.
fn least(schema: &Value) -> Value {
    let mut object = json!({});
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if let Some(value) = right(&schema["properties"][name]).into_iter().next() {
            object[name] = value;
        }
    }
    object
}

/// Values that a schema says are wrong, each with why.
fn wrong(schema: &Value) -> Vec<(&'static str, Value)> {
    let schema = DOCUMENT.resolve(schema);
    let odd = [
        json!({ "no_such_member": 1 }),
        json!([{ "no": "such" }]),
        json!(true),
        json!(1.5),
        json!("no such word \u{2603}"),
        json!(null),
    ];
    let mut all: Vec<(&'static str, Value)> = odd.into_iter().map(|value| ("another type", value)).collect();
    let text = |length: u64| Value::String("x".repeat(usize::try_from(length).unwrap()));
    if let Some(most) = schema["maxLength"].as_u64() {
        all.push(("too long", text(most + 1)));
    }
    if schema["minLength"].as_u64().is_some_and(|least| least > 0) {
        all.extend([("too short", json!("")), ("blank", json!("  "))]);
    }
    if schema["pattern"].is_string() {
        let texts = [
            "",
            "?",
            "99",
            "2027-02-30",
            "2027-13-01T10:00:00",
            "2027-01-01T10:00:00+25:00",
            "+1212555000",
            "US/\u{e9}",
        ];
        all.extend(texts.map(|text| ("another form", json!(text))));
    }
    if let Some(least) = schema["minimum"].as_i64() {
        all.push(("too little", least.checked_sub(1).map_or_else(|| json!(-1e300), |less| json!(less))));
    }
    if let Some(most) = schema["maximum"].as_i64() {
        all.push(("too much", most.checked_add(1).map_or_else(|| json!(1e300), |more| json!(more))));
    }
    if let Some(most) = schema["maxItems"].as_u64() {
        let item = right_item(&schema["items"]);
        all.push(("too many", Value::Array(vec![item; usize::try_from(most).unwrap() + 1])));
    }
    if schema["minItems"].as_u64().is_some_and(|least| least > 0) {
        all.push(("too few", json!([])));
    }
    for either in schema["oneOf"].as_array().into_iter().flatten() {
        all.extend(wrong(either));
    }
    if schema["items"].is_object() {
        all.extend(wrong(&schema["items"]).into_iter().map(|(why, item)| (why, json!([item]))));
    }
    if let Some(members) = schema["properties"].as_object() {
        let good = least(schema);
        for name in good.as_object().into_iter().flatten().map(|(name, _)| name) {
            let mut less = good.clone();
            less.as_object_mut().unwrap().remove(name);
            all.push(("a member is missing", less));
        }
        for (name, says) in members {
            for (why, value) in wrong(says) {
                let mut object = good.clone();
                object[name] = value;
                all.push((why, object));
            }
        }
    }
    // Of those that are thought wrong for a part, some are right as a whole.
    all.retain(|(_, value)| !DOCUMENT.misfits(schema, value).is_empty());
    all
}

fn right_item(schema: &Value) -> Value {
    let schema = DOCUMENT.resolve(schema);
    match (schema["format"].as_str(), schema["pattern"].as_str()) {
        (Some("uuid"), _) => json!(uuid::Uuid::now_v7()),
        (_, Some(pattern)) if pattern.starts_with(r"^\+1") => json!("+12125550001"),
        _ => right(schema).into_iter().next().unwrap_or_default(),
    }
}

/// Bodies that the document says are wrong: the sample with one member of another value, or without
/// it.
fn wrong_bodies(made: &Made, schema: &str) -> Vec<(String, Value)> {
    let sample = made.body(schema);
    let says = DOCUMENT.0.pointer(&format!("/components/schemas/{schema}")).unwrap();
    let mut bodies = vec![("a member more".to_owned(), set(&sample, "no_such_member", json!(1)))];
    for name in says["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let mut less = sample.clone();
        less.as_object_mut().unwrap().remove(name);
        bodies.push((format!("without {name}"), less));
    }
    for (name, says) in says["properties"].as_object().unwrap() {
        let nested = DOCUMENT.resolve(says);
        for (why, value) in wrong(says) {
            bodies.push((format!("{name}: {why}"), set(&sample, name, value)));
        }
        // Within the sample's members.
        for (inner, says) in nested["properties"].as_object().into_iter().flatten() {
            if sample[name].is_object() {
                for (why, value) in wrong(says) {
                    bodies
                        .push((format!("{name}.{inner}: {why}"), set(&sample, name, set(&sample[name], inner, value))));
                }
            }
        }
    }
    bodies
}

fn set(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    object[name] = value;
    object
}

/// Returns the query of a sample's URL without one parameter.
fn without(url: &str, name: &str) -> String {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let kept: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with(&format!("{name}="))).collect();
    format!("{path}?{}", kept.join("&"))
}

fn shown(value: &Value) -> String {
    value.to_string().chars().take(160).collect()
}

fn escaped(text: &str) -> String {
    urlencoded(&[(String::new(), text.to_owned())])[1..].to_owned()
}

/// Returns a parameter as it stands in a URL; objects have no form there.
fn as_parameter(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
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
            let bounded =
                ["maxLength", "pattern", "maximum", "maxItems", "enum", "uuid", "boolean", "properties", "\"int64\""]
                    .iter()
                    .any(|word| told.contains(word));
            if !bounded {
                unbounded.insert(format!("{schema}.{name}"));
            }
        }
    }
    let known = ["NewRedaction.confirmation", "NewRedaction.phone", "SourceBody.mapping"];
    assert_eq!(unbounded, known.map(ToOwned::to_owned).into());
}

/// Returns a schema with the schemas that it refers to.
fn told(schema: &Value) -> String {
    let resolved = DOCUMENT.resolve(schema);
    let either = resolved["oneOf"].as_array().into_iter().flatten().map(told);
    let items = resolved.get("items").map(told).unwrap_or_default();
    format!("{resolved}{items}{}", either.collect::<String>())
}
