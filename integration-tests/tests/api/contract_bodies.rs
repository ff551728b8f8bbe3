//! Bodies and queries that are wrong are answered with a problem and change nothing.

use muster_integration_tests::{CONFIRMATION, Call, UPLOAD_LIMIT, World, goal_at};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::{
    contract::Asked,
    samples::{bad_bodies, body},
};

#[tokio::test]
async fn a_body_that_cannot_be_read_answers_400_or_422() {
    World::with_api()
        .run(async |world| {
            let mut asked = Asked::start(world).await;
            for operation in asked.operations.clone() {
                let Some(schema) = operation.schema() else { continue };
                let url = asked.url(&operation);
                for (what, call) in bad_bodies(&asked.document, schema) {
                    let answer = asked.caller(&operation).call(operation.method.clone(), &url, call).await;
                    asked.check(&what, &answer, &[(400, "invalid-body"), (422, "invalid-body")]);
                }
            }
            asked.unchanged().await;
        })
        .await;
}

#[tokio::test]
async fn a_query_that_cannot_be_read_answers_400() {
    World::with_api()
        .run(async |world| {
            let mut asked = Asked::start(world).await;
            for operation in asked.operations.clone() {
                let named: Vec<String> = operation.spec["parameters"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter(|parameter| parameter["in"] == "query")
                    .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
                    .collect();
                if named.is_empty() {
                    continue;
                }
                let (url, _) = asked.url(&operation).split_once('?').map_or_else(
                    || (asked.url(&operation), String::new()),
                    |(path, query)| (path.to_owned(), query.to_owned()),
                );
                let file = if operation.is_upload() { "file_name=a.csv&" } else { "" };
                let mut queries = vec![format!("{file}no_such_parameter=1")];
                for name in &named {
                    let wrong: &[&str] = match name.as_str() {
                        "limit" => &["0", "501", "-1", "many", "99999999999999999999", ""],
                        "cursor" if operation.path.ends_with("/audit") => &["not-an-id"],
                        // Schedules are listed by name.
                        "cursor" if operation.path.ends_with("/schedules") => &["", "%20"],
                        "cursor" | "group_id" => &["not-an-id", "7"],
                        "unresponded" | "dry_run" => &["maybe", "2"],
                        "mapping" => &["nothing", "[]", "{\"a\":1}", "7"],
                        "area_code" => &["1", "123", "2125", "\u{664}12"],
                        "zone" => &["Mars/Olympus", "+5", "../../etc/passwd", "America/new_york%00"],
                        _ => &[],
                    };
                    let more = if operation.is_upload() { "&zone=America/Chicago&area_code=312" } else { "" };
                    queries.extend(wrong.iter().map(|value| format!("{file}{name}={value}{more}")));
                    queries.extend(wrong.iter().map(|value| format!("{file}{name}={value}")));
                }
                if operation.is_upload() {
                    queries.extend(["", "file_name=", "file_name=%20", "file_name=a%00.csv"].map(ToOwned::to_owned));
                    queries.push(format!("file_name={}", "x".repeat(256)));
                    queries.push(format!("{file}zone=America/Chicago&area_code=312&tags={}", "x".repeat(101)));
                    queries.push(format!("{file}zone=America/Chicago&area_code=312&tags=a%00b"));
                    queries
                        .push(format!("{file}zone=America/Chicago&area_code=312&consent_text={}", "x".repeat(2_001)));
                    queries.push(format!("{file}zone=America/Chicago&area_code=312&consent_text=a%00b"));
                    // There is no such group yet, and nothing to make one of.
                    queries.push("file_name=new.csv".to_owned());
                }
                for query in queries {
                    let call = operation.sample();
                    let answer =
                        asked.caller(&operation).call(operation.method.clone(), &format!("{url}?{query}"), call).await;
                    asked.check(
                        &query,
                        &answer,
                        &[(400, "invalid-parameter"), (422, "invalid-body"), (422, "invalid-parameter")],
                    );
                }
            }
            asked.unchanged().await;
        })
        .await;
}

/// A JSON object is read by its names: a list of values is no request, in any order.
#[tokio::test]
async fn a_list_is_not_read_as_a_body_by_position() {
    World::with_api()
        .run(async |world| {
            let mut asked = Asked::start(world).await;
            for operation in asked.operations.clone() {
                let Some(schema) = operation.schema() else { continue };
                let url = asked.url(&operation);
                let values = body(schema).as_object().unwrap().values().cloned().collect();
                for list in [json!([]), serde_json::Value::Array(values)] {
                    let answer = asked.caller(&operation).call(operation.method.clone(), &url, Call::json(&list)).await;
                    asked.check("a list", &answer, &[(400, "invalid-body"), (422, "invalid-body")]);
                }
            }
            asked.unchanged().await;
        })
        .await;
}

/// Rule S3: a cap goes only when somebody says null, never because a client left the member out.
#[tokio::test]
async fn s3_a_cap_is_not_taken_away_by_a_body_without_it() {
    World::with_api()
        .run(async |world| {
            let mut asked = Asked::start(world).await;
            let caps = asked.organization.at("caps");
            asked.organization.admin.put(&caps, json!({ "daily_segments": 2_000 })).await.ok();
            asked.before = asked.world.contents().await;
            let answer = asked.organization.admin.put(&caps, json!({})).await;
            asked.check("no cap", &answer, &[(422, "invalid-body")]);
            asked.unchanged().await;
        })
        .await;
}

/// U+0000, which Postgres cannot keep, is the caller's mistake wherever it is.
#[tokio::test]
async fn a_nul_character_anywhere_answers_422_or_400_and_never_500() {
    World::with_api()
        .run(async |world| {
            let mut asked = Asked::start(world).await;
            let ours = asked.organization.clone();
            let group = ours.group("One").await;
            asked.before = asked.world.contents().await;
            for targeting in [
                json!({ "tags_all": ["a\0b"] }),
                json!({ "tags_any": ["a\0b"] }),
                json!({ "tags_none": ["a\0b"] }),
                json!({ "fields": [{ "field": "a\0b", "is": "blank" }] }),
                json!({ "fields": [{ "field": "a", "is": { "any_of": ["\0"] } }] }),
                json!({ "fields": [{ "field": "a", "is": { "none_of": ["\0"] } }] }),
            ] {
                let more = json!({ "targeting": targeting });
                let goal = goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", more);
                let answer = ours.admin.post(&ours.at("goals"), json!({ "group_id": group, "goal": goal })).await;
                asked.check(&targeting.to_string(), &answer, &[(422, "invalid-body")]);
            }
            let mapping = "%7B%22a%5Cu0000%22:%22phone%22%7D";
            let answer =
                ours.upload(&format!("file_name=a.csv&group_id={group}&mapping={mapping}"), "first,last,phone\n").await;
            asked.check("mapping", &answer, &[(400, "invalid-parameter"), (422, "invalid-body")]);
            let texts = [("MessageSid", "S\0M"), ("From", "+16465550001"), ("To", "+12125550000"), ("Body", "hi")];
            let answer = asked.world.webhook("/v1/webhooks/twilio/inbound", &texts).await;
            asked.check("inbound", &answer, &[(422, "invalid-body")]);
            let path = format!("/v1/webhooks/twilio/status/{}", Uuid::now_v7());
            let answer = asked.world.webhook(&path, &[("MessageSid", "S\0M"), ("MessageStatus", "delivered")]).await;
            asked.check("status", &answer, &[(422, "invalid-body")]);
            asked.unchanged().await;
        })
        .await;
}

/// A date before Postgres' first one is the caller's mistake.
#[tokio::test]
async fn a_date_that_cannot_be_kept_answers_422() {
    World::with_api()
        .run(async |world| {
            let mut asked = Asked::start(world).await;
            let group = asked.organization.group("One").await;
            asked.before = asked.world.contents().await;
            for date in ["-200000-01-01T00:00:00", "-4800-01-01T00:00:00", "+262142-12-31T23:59:59"] {
                let goal = goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", json!({ "date": date }));
                let path = asked.organization.at("goals");
                let answer = asked.organization.admin.post(&path, json!({ "group_id": group, "goal": goal })).await;
                // A far future is odd and can be kept; only a date that cannot be kept is wrong.
                if answer.status != 201 || date.starts_with('-') {
                    asked.check(date, &answer, &[(422, "invalid-body")]);
                } else {
                    asked.before = asked.world.contents().await;
                }
            }
            asked.unchanged().await;
        })
        .await;
}

/// A field that is too long, or that Postgres cannot keep, is the caller's mistake and never ours.
#[tokio::test]
async fn values_out_of_bounds_answer_422_and_never_500() {
    World::with_api()
        .run(async |world| {
            let mut asked = Asked::start(world).await;
            let ours = asked.organization.clone();
            let group = ours.group("One").await;
            let contact = asked.world.plant_contact_in(&ours.id, &group, "+16465550001").await;
            asked.before = asked.world.contents().await;
            let long = |length: usize| "x".repeat(length);
            let goal =
                |more| json!({ "group_id": group, "goal": goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", more) });
            let mut cases = vec![
                (Method::POST, "/v1/organizations".to_owned(), json!({ "name": "  " })),
                (Method::POST, "/v1/organizations".to_owned(), json!({ "name": long(201) })),
                (Method::POST, "/v1/organizations".to_owned(), json!({ "name": "a\0b" })),
                (Method::POST, ours.at("members"), json!({ "role": "king", "first_name": "A", "last_name": "B" })),
                (Method::POST, ours.at("members"), json!({ "role": "agent", "first_name": "", "last_name": "B" })),
                (Method::POST, ours.at("members"), json!({ "role": "agent", "first_name": "A", "last_name": long(101) })),
                (Method::POST, ours.at("numbers"), json!({ "numbers": [] })),
                (Method::POST, ours.at("numbers"), json!({ "numbers": ["2125550001"] })),
                (Method::POST, ours.at("numbers"), json!({ "numbers": vec!["+12125550001"; 1_001] })),
                (Method::POST, ours.at(&format!("contacts/{contact}/opt-out")), json!({ "reason": "" })),
                (Method::POST, ours.at(&format!("contacts/{contact}/opt-out")), json!({ "reason": "a\0b" })),
                (Method::POST, ours.at(&format!("contacts/{contact}/opt-out")), json!({ "reason": long(201) })),
                (Method::PUT, ours.at("caps"), json!({ "daily_segments": -1 })),
                (Method::POST, "/v1/redactions".to_owned(), json!({ "phone": "+16465550001", "confirmation": "yes" })),
                (Method::POST, "/v1/redactions".to_owned(), json!({ "phone": "911", "confirmation": CONFIRMATION })),
            ];
            for zone in ["", "Nowhere", "America/New_York\0", "EST5EDT4,M3.2.0", "Local"] {
                cases.push((Method::POST, ours.at("groups"), json!({ "name": "G", "zone": zone, "area_code": "212" })));
            }
            for code in ["", "12", "112", "2125", "21a", "٢١٢"] {
                cases.push((
                    Method::POST,
                    ours.at("groups"),
                    json!({ "name": "G", "zone": "America/New_York", "area_code": code }),
                ));
            }
            for more in [
                json!({ "name": " " }),
                json!({ "name": long(201) }),
                json!({ "name": "a\0b" }),
                json!({ "description": long(2_001) }),
                json!({ "instructions": long(301) }),
                json!({ "script": "STOP a\0b" }),
                json!({ "date": "soon" }),
                json!({ "date": "2027-02-30T10:00:00" }),
                json!({ "goal_type": "war" }),
                json!({ "strategy": "mine" }),
                json!({ "targeting": { "no_such": [] } }),
                json!({ "release_plan": { "pace": { "every": { "batches": 0, "minutes": 1 } } } }),
                json!({ "release_plan": { "pace": { "every": { "batches": 1, "minutes": 4_294_967_295_u32 } } } }),
                json!({ "release_plan": { "pace": "at_leisure" } }),
            ] {
                cases.push((Method::POST, ours.at("goals"), goal(more)));
            }
            for (method, path, body) in cases {
                let answer = ours.admin.call(method, &path, Call::json(&body)).await;
                let shown: String = body.to_string().chars().take(120).collect();
                asked.check(&shown, &answer, &[(422, "invalid-body")]);
            }
            asked.unchanged().await;
        })
        .await;
}

/// A body that is too large is refused, and one of the usual size is not.
#[tokio::test]
async fn a_body_or_an_upload_that_is_too_large_answers_413_and_is_not_kept() {
    World::with_api()
        .run(async |world| {
            let mut asked = Asked::start(world).await;
            let group = asked.organization.group("One").await;
            asked.before = asked.world.contents().await;
            // Only just too large: a client that sends much more may find the connection closed
            // before it reads the answer.
            let huge = json!({ "name": "x".repeat(2 * 1024 * 1024) });
            let answer = asked.organization.admin.post("/v1/organizations", huge).await;
            asked.check("body", &answer, &[(413, "too-large")]);
            let mut file = b"first,last,phone\n".to_vec();
            file.resize(UPLOAD_LIMIT + 1, b'x');
            let answer = asked.organization.upload(&format!("file_name=a.csv&group_id={group}"), file).await;
            asked.check("upload", &answer, &[(413, "too-large")]);
            asked.unchanged().await;
        })
        .await;
}

#[tokio::test]
async fn an_idempotency_key_that_is_none_answers_400() {
    World::with_api()
        .run(async |world| {
            let mut asked = Asked::start(world).await;
            let path = asked.organization.at("groups");
            for key in ["", &"k".repeat(201), "k\u{e9}y"] {
                let call = Call::json(&body("NewGroupBody")).key(key);
                let answer = asked.organization.admin.call(Method::POST, &path, call).await;
                asked.check(key, &answer, &[(400, "invalid-parameter")]);
            }
            asked.unchanged().await;
        })
        .await;
}
