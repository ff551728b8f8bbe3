//! A wrong request is answered with a problem and changes nothing, on every endpoint of the
//! document.
//!
//! The tests go through the document, so that an endpoint which is added is tested before anybody
//! thinks of it. They gather all faults and tell them at once.

use muster_integration_tests::{Answer, CONFIRMATION, Call, Client, Organization, UPLOAD_LIMIT, World, goal_at};
use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::samples::{Operation, Who, bad_bodies, body, document, operations};

/// Somebody of each kind in one organization, with the document's operations and the contents
/// before anything was asked.
struct Asked {
    world: World,
    organization: Organization,
    agent: Client,
    document: serde_json::Value,
    operations: Vec<Operation>,
    before: BTreeMap<String, String>,
    wrong: Vec<String>,
}

impl Asked {
    async fn start(world: World) -> Self {
        let organization = world.organization("Ours").await;
        let agent = organization.member("agent").await.client;
        let document = document(&world.nobody()).await;
        let operations = operations(&document);
        let before = world.contents().await;
        Self { world, organization, agent, document, operations, before, wrong: Vec::new() }
    }

    /// Returns a caller that the operation is for.
    fn caller(&self, operation: &Operation) -> Client {
        match operation.who() {
            Who::Admins | Who::Anyone => self.organization.admin.clone(),
            Who::Agents => self.agent.clone(),
            Who::Carrier => self.world.nobody(),
        }
    }

    /// Returns the operation's URL in this organization, with ids of nothing.
    fn url(&self, operation: &Operation) -> String {
        operation.url(&BTreeMap::from([("organization_id", self.organization.id.clone())]))
    }

    fn check(&mut self, what: &str, answer: &Answer, wanted: &[(u16, &str)]) {
        self.wrong.extend(answer.wrong_problem(wanted).map(|wrong| format!("{what}: {wrong}")));
    }

    /// Everything was refused as it should be, and nothing was changed or kept.
    async fn unchanged(self) {
        let after = self.world.contents().await;
        for (table, before) in &self.before {
            assert_eq!(&after[table], before, "{table} was changed; wrong answers: {:#?}", self.wrong);
        }
        assert!(self.world.objects().is_empty(), "{:?}", self.world.objects());
        assert!(self.wrong.is_empty(), "{} wrong answers:\n{}", self.wrong.len(), self.wrong.join("\n"));
    }
}

#[tokio::test]
async fn without_a_token_or_with_a_wrong_one_every_operation_answers_401() {
    World::with_api()
        .run(async |world| {
            let mut asked = Asked::start(world).await;
            let good = asked.organization.admin.token.clone().unwrap();
            for operation in asked.operations.clone() {
                if operation.who() == Who::Carrier {
                    continue;
                }
                let url = asked.url(&operation);
                for authorization in [
                    None,
                    Some(String::new()),
                    Some("Bearer".to_owned()),
                    Some("Bearer ".to_owned()),
                    Some("Bearer garbage".to_owned()),
                    Some(format!("Bearer {good}x")),
                    Some(format!("Bearer {}", good.to_uppercase())),
                    Some(format!("Basic {good}")),
                    Some(good.clone()),
                ] {
                    let mut call = operation.sample();
                    call = match &authorization {
                        Some(value) => call.header("authorization", value),
                        None => call,
                    };
                    let answer = asked.world.nobody().call(operation.method.clone(), &url, call).await;
                    let what = authorization.as_deref().unwrap_or("no token").replace(&good, "GOOD");
                    asked.check(&what, &answer, &[(401, "unauthenticated")]);
                }
            }
            asked.unchanged().await;
        })
        .await;
}

#[tokio::test]
async fn a_malformed_id_in_the_path_answers_404() {
    World::with_api()
        .run(async |world| {
            let mut asked = Asked::start(world).await;
            for operation in asked.operations.clone() {
                for name in operation.parameters() {
                    for malformed in ["not-an-id", "0", "%00", "%FF", "..%2F..", "' or 1=1--", "\u{e9}"] {
                        let mut ids = BTreeMap::from([("organization_id", asked.organization.id.clone())]);
                        ids.insert(name.as_str(), malformed.replace(' ', "%20").replace('\u{e9}', "%C3%A9"));
                        let url = operation.url(&ids);
                        let answer =
                            asked.caller(&operation).call(operation.method.clone(), &url, operation.sample()).await;
                        asked.check(&format!("{name} {malformed:?}"), &answer, &[(404, "not-found")]);
                    }
                }
            }
            asked.unchanged().await;
        })
        .await;
}

#[tokio::test]
async fn an_id_of_nothing_answers_404() {
    World::with_api()
        .run(async |world| {
            let mut asked = Asked::start(world).await;
            for operation in asked.operations.clone() {
                // Receipts of an unknown message are kept, because they may come before their
                // message.
                let names_something = operation.parameters().iter().any(|name| name != "organization_id");
                if !names_something || operation.who() == Who::Carrier {
                    continue;
                }
                let url = asked.url(&operation);
                let answer = asked.caller(&operation).call(operation.method.clone(), &url, operation.sample()).await;
                asked.check("nothing", &answer, &[(404, "not-found")]);
            }
            asked.unchanged().await;
        })
        .await;
}

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

#[tokio::test]
async fn a_method_that_a_path_does_not_have_answers_405_and_an_unknown_path_404() {
    World::with_api()
        .run(async |world| {
            let mut asked = Asked::start(world).await;
            let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
            let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for operation in &asked.operations {
                known.entry(operation.path.clone()).or_default().insert(operation.method.to_string());
            }
            for operation in asked.operations.clone() {
                for method in methods.iter().filter(|method| !known[&operation.path].contains(method.as_str())) {
                    let url = asked.url(&operation);
                    let answer = asked.caller(&operation).call(method.clone(), &url, operation.sample()).await;
                    asked.check("method", &answer, &[(405, "method-not-allowed")]);
                }
            }
            for path in
                ["/", "/v1", "/v2/account", "/v1/account/", "/v1/organizations/", "/v1/no-such", "/%00", "//v1/account"]
            {
                for method in &methods {
                    let answer = asked.organization.admin.call(method.clone(), path, Call::empty()).await;
                    asked.check("path", &answer, &[(404, "not-found")]);
                }
            }
            asked.unchanged().await;
        })
        .await;
}

/// Rule A5.
#[tokio::test]
async fn a5_agents_may_not_do_what_admins_may_and_admins_not_what_agents_may() {
    World::with_api()
        .run(async |world| {
            let mut asked = Asked::start(world).await;
            let ours = &asked.organization;
            let admins = [
                ours.admin.clone(),
                ours.member("organization_admin").await.client,
                ours.member("group_admin").await.client,
            ];
            asked.before = asked.world.contents().await;
            for operation in asked.operations.clone() {
                let callers = match operation.who() {
                    Who::Admins => std::slice::from_ref(&asked.agent).to_vec(),
                    Who::Agents => admins.to_vec(),
                    Who::Anyone | Who::Carrier => continue,
                };
                let url = asked.url(&operation);
                for caller in callers {
                    let answer = caller.call(operation.method.clone(), &url, operation.sample()).await;
                    asked.check("role", &answer, &[(403, "forbidden")]);
                }
            }
            asked.unchanged().await;
        })
        .await;
}

/// Rule A5: acts that only an account admin or an organization admin may do.
#[tokio::test]
async fn a5_each_role_may_only_what_it_may() {
    World::with_api()
        .run(async |world| {
            let mut asked = Asked::start(world).await;
            let ours = asked.organization.clone();
            let contact = asked.world.plant_contact(&ours.id, "+16465550001").await;
            let organization_admin = ours.member("organization_admin").await.client;
            let group = ours.group("One").await;
            // Records out of their sight would answer 404.
            let group_admin = ours.member_of("group_admin", &[&group]).await.0.client;
            asked.world.join_group(&group, &contact).await;
            asked.before = asked.world.contents().await;

            let account_only: [(Method, String, Call); 5] = [
                (Method::GET, "/v1/organizations".into(), Call::empty()),
                (Method::POST, "/v1/organizations".into(), Call::json(&json!({ "name": "Another" }))),
                (
                    Method::POST,
                    "/v1/redactions".into(),
                    Call::json(&json!({ "phone": "+16465550001", "confirmation": CONFIRMATION })),
                ),
                (Method::GET, format!("/v1/redactions/{}", Uuid::now_v7()), Call::empty()),
                (Method::POST, ours.at(&format!("contacts/{contact}/opt-in")), Call::empty()),
            ];
            let organization_only: [(Method, String, Call); 7] = [
                (Method::PATCH, ours.path.clone(), Call::json(&json!({ "batch_size": 7 }))),
                (Method::PUT, ours.at("caps"), Call::json(&json!({ "daily_segments": 7 }))),
                (Method::POST, ours.at("numbers"), Call::json(&json!({ "numbers": ["+12125550001"] }))),
                (Method::POST, ours.at("groups"), Call::json(&body("NewGroupBody"))),
                (Method::POST, ours.at(&format!("groups/{group}/archive")), Call::empty()),
                (Method::GET, ours.at("contacts"), Call::empty()),
                (Method::GET, ours.at("conversations"), Call::empty()),
            ];
            for (method, path, call) in &account_only {
                for client in [&organization_admin, &group_admin] {
                    let answer = client.call(method.clone(), path, call.clone()).await;
                    asked.check("account", &answer, &[(403, "forbidden")]);
                }
            }
            for (method, path, call) in &organization_only {
                let answer = group_admin.call(method.clone(), path, call.clone()).await;
                asked.check("organization", &answer, &[(403, "forbidden")]);
            }
            asked.unchanged().await;
        })
        .await;
}

/// Rule I1.
#[tokio::test]
async fn i1_a_webhook_without_the_carriers_signature_answers_403() {
    World::with_api()
        .run(async |world| {
            let mut asked = Asked::start(world).await;
            let message = Uuid::now_v7();
            let form = "MessageSid=SM1&From=%2B16465550001&To=%2B12125550000&Body=STOP&MessageStatus=delivered";
            let right = "x-twilio-signature";
            for path in [format!("/v1/webhooks/twilio/status/{message}"), "/v1/webhooks/twilio/inbound".to_owned()] {
                let call = || Call::raw("application/x-www-form-urlencoded", form);
                let wrong = [
                    call(),
                    call().header(right, ""),
                    call().header(right, "garbage"),
                    call().header(right, "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
                    Call::empty(),
                ];
                for call in wrong {
                    // A bearer token is no signature.
                    for client in [asked.world.nobody().clone(), asked.organization.admin.clone()] {
                        let answer = client.call(Method::POST, &path, call.clone()).await;
                        asked.check("signature", &answer, &[(403, "bad-signature")]);
                    }
                }
            }
            asked.unchanged().await;
        })
        .await;
}

/// Rule I1: a webhook that the carrier signed but cannot have meant is refused; an id that Postgres
/// cannot keep is not an error of ours.
#[tokio::test]
async fn i1_a_signed_form_that_says_nothing_sensible_answers_422() {
    World::with_api()
        .run(async |world| {
            let mut asked = Asked::start(world).await;
            let status = format!("/v1/webhooks/twilio/status/{}", Uuid::now_v7());
            let inbound = "/v1/webhooks/twilio/inbound";
            // Without the carrier's id it cannot be recorded once. Nothing else must be there.
            for sid in [&[][..], &[("MessageSid", "")], &[("MessageSid", "S\0M")]] {
                let form = [sid, &[("From", "+16465550001"), ("To", "+12125550000"), ("Body", "hi")]].concat();
                let answer = asked.world.webhook(inbound, &form).await;
                asked.check(&format!("{sid:?}"), &answer, &[(422, "invalid-body")]);
            }
            let answer = asked.world.webhook(&status, &[("MessageStatus", "sent")]).await;
            asked.check("a receipt without an id", &answer, &[(422, "invalid-body")]);
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
