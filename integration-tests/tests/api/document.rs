//! `/openapi.json` describes the whole API.

use muster_integration_tests::{DOCUMENT, World};
use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::samples::{Who, document, operations};

/// Every route with its operation's id, which stays as it is. A new one is added there.
const ROUTES: &str = include_str!("routes.txt");

#[tokio::test]
async fn the_document_is_openapi_3_1_and_has_every_route() {
    World::with_api()
        .run(async |world| {
            let document = document(&world.nobody()).await;
            assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
            assert_eq!(document["info"]["title"], "Muster");
            let told = |operation: &super::samples::Operation| {
                format!("{} {}", operation.name(), operation.spec["operationId"].as_str().unwrap_or_default())
            };
            let seen: BTreeSet<String> = operations(&document).iter().map(told).collect();
            let wanted: BTreeSet<String> =
                ROUTES.lines().filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect();
            assert_eq!(seen, wanted);
        })
        .await;
}

#[tokio::test]
async fn every_operation_documents_its_parameters_a_success_and_the_default_problem() {
    World::with_api()
        .run(async |world| {
            let document = document(&world.nobody()).await;
            for operation in operations(&document) {
                let name = operation.name();
                let responses = operation.spec["responses"].as_object().unwrap();
                assert!(responses.keys().any(|status| status.starts_with('2')), "{name} has no success");
                let schemas: Vec<&str> = responses["default"]["content"]
                    .as_object()
                    .unwrap_or_else(|| panic!("{name} has no default problem"))
                    .values()
                    .filter_map(|content| content["schema"]["$ref"].as_str())
                    .collect();
                assert_eq!(schemas, ["#/components/schemas/Problem"], "{name}");
                let parameters: BTreeSet<&str> = operation.spec["parameters"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter(|parameter| parameter["in"] == "path")
                    .filter_map(|parameter| parameter["name"].as_str())
                    .collect();
                let in_path = operation.parameters();
                assert_eq!(parameters, in_path.iter().map(String::as_str).collect(), "{name}");
            }
        })
        .await;
}

/// RFC 9457: problems have a media type of their own, and the answers have it.
#[tokio::test]
async fn problems_are_documented_with_the_media_type_that_they_are_answered_with() {
    World::with_api()
        .run(async |world| {
            let document = document(&world.nobody()).await;
            let wrong: Vec<String> = operations(&document)
                .iter()
                .filter(|operation| {
                    !operation.spec["responses"]["default"]["content"]["application/problem+json"].is_object()
                })
                .map(super::samples::Operation::name)
                .collect();
            assert!(wrong.is_empty(), "{} operations document another: {wrong:?}", wrong.len());
        })
        .await;
}

/// Every reference of the document leads somewhere.
#[tokio::test]
async fn every_reference_of_the_document_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    World::with_api()
        .run(async |world| {
            let document = document(&world.nobody()).await;
            let mut found = Vec::new();
            references(&document, &mut found);
            assert!(found.len() > 40);
            for reference in found {
                assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
            }
        })
        .await;
}

/// Ids are the names of functions in generated clients: each is one operation's alone.
#[test]
fn every_operation_has_an_id_of_its_own_a_tag_and_says_who_may_ask() {
    let mut ids = BTreeSet::new();
    for operation in operations(&DOCUMENT.0) {
        let (name, spec) = (operation.name(), &operation.spec);
        let id = spec["operationId"].as_str().unwrap_or_default();
        assert!(id.contains('_') && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}: {id:?}");
        assert!(ids.insert(id.to_owned()), "{name}: {id} is another's too");
        assert!(spec["tags"].as_array().is_some_and(|tags| !tags.is_empty()), "{name}");
        let without_token = matches!(operation.who(), Who::Carrier | Who::Public);
        let wanted = match operation.who() {
            _ if without_token => json!([]),
            Who::Operators => json!([{ "bearer": [] }]),
            _ => json!([{ "bearer": [] }, { "cookie": [] }]),
        };
        assert_eq!(spec["security"], wanted, "{name}");
    }
    assert!(DOCUMENT.0["components"]["securitySchemes"]["bearer"].is_object());
}

/// Every answer has a description, and every body a schema that says something.
#[test]
fn every_answer_is_described_and_every_body_has_a_schema() {
    let mut wrong = Vec::new();
    for operation in operations(&DOCUMENT.0) {
        for (status, response) in operation.spec["responses"].as_object().unwrap() {
            let name = format!("{} {status}", operation.name());
            if response["description"].as_str().unwrap_or_default().is_empty() {
                wrong.push(format!("{name} has no description"));
            }
            let content = response["content"].as_object();
            if content.is_none() && !matches!(status.as_str(), "202" | "204") {
                wrong.push(format!("{name} has no content"));
            }
            for (media_type, content) in content.into_iter().flatten() {
                if content["schema"].as_object().is_none_or(serde_json::Map::is_empty) {
                    wrong.push(format!("{name} {media_type} has no schema"));
                }
            }
        }
        let errors: Vec<&str> = operation.spec["responses"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .filter(|status| status.starts_with('4') || status.starts_with('5'))
            .collect();
        let needed: &[&str] = match operation.who() {
            Who::Carrier => &["403", "413", "422", "500", "503"],
            Who::Public if operation.path.starts_with("/v1/sign-ups/") => &["403", "404", "429", "500", "503"],
            Who::Public if operation.path.starts_with("/v1/downloads/") => &["404", "429", "500", "503"],
            Who::Public => &["403", "429", "500", "503"],
            _ => &["401", "403", "500", "503"],
        };
        if let Some(missing) = needed.iter().find(|status| !errors.contains(status)) {
            wrong.push(format!("{} does not say {missing}", operation.name()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Schemas, at any depth, with the path to each.
fn schemas<'a>(value: &'a Value, at: &str, found: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let at = format!("{at}/{name}");
                let is_schema = ["schema", "items", "additionalProperties", "propertyNames"].contains(&name.as_str())
                    || at.rsplit('/').nth(1).is_some_and(|above| ["schemas", "properties"].contains(&above));
                if is_schema && value.is_object() {
                    found.push((at.clone(), value));
                }
                schemas(value, &at, found);
            }
        }
        Value::Array(items) => {
            for (nth, item) in items.iter().enumerate() {
                let at = format!("{at}/{nth}");
                if at.rsplit('/').nth(1).is_some_and(|above| ["oneOf", "anyOf", "allOf"].contains(&above)) {
                    found.push((at.clone(), item));
                }
                schemas(item, &at, found);
            }
        }
        _ => {}
    }
}

/// No schema is a bare object, lists declare their items, patterns can be compiled, and examples
/// fit.
#[test]
fn every_schema_says_what_it_is() {
    let mut found = Vec::new();
    schemas(&DOCUMENT.0, "", &mut found);
    assert!(found.len() > 300, "{}", found.len());
    let mut wrong = Vec::new();
    for (at, schema) in found {
        let kinds = schema["type"].to_string();
        let says = |keyword: &str| schema.get(keyword).is_some();
        if ["$ref", "oneOf", "anyOf", "allOf", "enum"].iter().any(|keyword| says(keyword)) {
            continue;
        }
        if !says("type") {
            wrong.push(format!("{at}: {schema} says no type"));
        }
        if kinds.contains("object") && !says("properties") && !schema["additionalProperties"].is_object() {
            wrong.push(format!("{at} is a bare object"));
        }
        if kinds.contains("array") && !schema["items"].is_object() {
            wrong.push(format!("{at} is a list of anything"));
        }
        if let Some(pattern) = schema["pattern"].as_str()
            && regex_lite::Regex::new(pattern).is_err()
        {
            wrong.push(format!("{at}: {pattern:?} cannot be compiled"));
        }
        for example in schema.get("example").into_iter().chain(schema["examples"].as_array().into_iter().flatten()) {
            wrong.extend(
                DOCUMENT.misfits(schema, example).into_iter().map(|misfit| format!("{at}: an example: {misfit}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Rule of the contract: a POST that creates or sends can be repeated without harm.
#[test]
fn every_post_that_creates_or_sends_takes_an_idempotency_key() {
    // An answer with a secret is not kept, and asking for these again does nothing more.
    let without = ["create_member_token", "create_export_link", "create_access_request_link", "cancel_import"];
    for operation in operations(&DOCUMENT.0) {
        let id = operation.spec["operationId"].as_str().unwrap();
        let creates = ["201", "202"].iter().any(|status| operation.spec["responses"].get(status).is_some());
        let parameters = operation.spec["parameters"].as_array().cloned().unwrap_or_default();
        let keyed =
            parameters.iter().any(|parameter| parameter["in"] == "header" && parameter["name"] == "Idempotency-Key");
        let sends = ["skip_agent_batch", "put_group_member", "post_contacts"].contains(&id);
        let wanted = (operation.method == reqwest::Method::POST && creates && !without.contains(&id)) || sends;
        assert_eq!(keyed, wanted, "{id}");
        let edits = [
            "patch_account",
            "put_automation",
            "put_campaign",
            "put_form",
            "put_goal",
            "patch_contact",
            "patch_field",
            "patch_group",
            "patch_member",
            "patch_tag",
            "patch_script",
            "patch_agent_script",
            "patch_account_sign_in_policy",
        ]
        .contains(&id)
            || id.ends_with("_group_contact");
        assert_eq!(parameters.iter().any(|parameter| parameter["name"] == "If-Match"), edits, "{id}");
    }
}

/// Every type of problem is one of those that the document lists, each under the status that it
/// comes with.
#[test]
fn every_type_of_problem_is_listed() {
    let problem = &DOCUMENT.0["components"]["schemas"]["Problem"];
    let types: Vec<&str> =
        problem["properties"]["type"]["enum"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(types.len() > 15 && types.iter().all(|kind| kind.starts_with("urn:muster:problem:")), "{types:?}");
    let described = DOCUMENT.0["paths"].to_string();
    for kind in types {
        let elsewhere = kind.ends_with("method-not-allowed");
        assert!(elsewhere || described.contains(kind), "no operation says {kind}");
    }
}

/// A wall-clock time has no offset, so that it is no `date-time`.
#[test]
fn g11_local_times_are_not_said_to_be_instants() {
    let goal = &DOCUMENT.0["components"]["schemas"]["GoalBody"]["properties"];
    for name in ["date", "opens", "closes"] {
        let says = DOCUMENT.resolve(&goal[name]);
        assert!(says["format"].is_null() && says["pattern"].is_string(), "{name}: {says}");
        assert!(DOCUMENT.misfits(&goal[name], &json!("2026-11-03T10:00:00")).is_empty());
        assert!(!DOCUMENT.misfits(&goal[name], &json!("2026-11-03T10:00:00Z")).is_empty());
    }
    for name in ["opens_at", "closes_at"] {
        assert_eq!(goal[name]["format"], "date-time", "{name}");
    }
    let input = &DOCUMENT.0["components"]["schemas"]["GoalInput"]["properties"];
    for time in [
        "2026-11-03T10:00",
        "2026-11-03T10:00:00",
        "2026-11-03T10:00:00.5",
        "2026-11-03T15:00:00Z",
        "2026-11-03T10:00:00-05:00",
    ] {
        assert_eq!(DOCUMENT.misfits(&input["opens"], &json!(time)), Vec::<String>::new(), "{time}");
    }
}
