//! A wrong request is answered with a problem and changes nothing, on every endpoint of the
//! document.
//!
//! The tests go through the document, so that an endpoint which is added is tested before anybody
//! thinks of it. They gather all faults and tell them at once.

use std::collections::{BTreeMap, BTreeSet};

use muster_integration_tests::{Answer, CONFIRMATION, Call, Client, Organization, World};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::samples::{Operation, Who, body, document, operations};

/// Somebody of each kind in one organization, with the document's operations and the contents
/// before anything was asked.
pub(crate) struct Asked {
    pub(crate) world: World,
    pub(crate) organization: Organization,
    pub(crate) agent: Client,
    pub(crate) operator: Client,
    pub(crate) document: serde_json::Value,
    pub(crate) operations: Vec<Operation>,
    pub(crate) before: BTreeMap<String, String>,
    pub(crate) wrong: Vec<String>,
}

impl Asked {
    pub(crate) async fn start(world: World) -> Self {
        let organization = world.organization("Ours").await;
        let agent = organization.member("agent").await.client;
        let operator = world.operator("act").await;
        let document = document(&world.nobody()).await;
        let operations = operations(&document);
        let before = world.contents().await;
        Self { world, organization, agent, operator, document, operations, before, wrong: Vec::new() }
    }

    /// Returns a caller that the operation is for.
    pub(crate) fn caller(&self, operation: &Operation) -> Client {
        match operation.who() {
            Who::Admins | Who::Anyone => self.organization.admin.clone(),
            Who::Agents => self.agent.clone(),
            Who::Operators => self.operator.clone(),
            Who::Carrier | Who::Public => self.world.nobody(),
        }
    }

    /// Returns the operation's URL in this organization, with ids of nothing.
    pub(crate) fn url(&self, operation: &Operation) -> String {
        operation.url(&BTreeMap::from([("organization_id", self.organization.id.clone())]))
    }

    pub(crate) fn check(&mut self, what: &str, answer: &Answer, wanted: &[(u16, &str)]) {
        self.wrong.extend(answer.wrong_problem(wanted).map(|wrong| format!("{what}: {wrong}")));
    }

    /// Everything was refused as it should be, and nothing was changed or kept.
    pub(crate) async fn unchanged(self) {
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
            let good = asked.organization.admin.token().unwrap().to_owned();
            for operation in asked.operations.clone() {
                if matches!(operation.who(), Who::Carrier | Who::Public) {
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
                ["/v1", "/v2/account", "/v1/account/", "/v1/organizations/", "/v1/no-such", "/%00", "//v1/account"]
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
                    Who::Anyone | Who::Operators | Who::Carrier | Who::Public => continue,
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
            let organization_only: [(Method, String, Call); 5] = [
                (Method::PATCH, ours.path.clone(), Call::json(&json!({ "batch_size": 7 }))),
                (Method::PUT, ours.at("caps"), Call::json(&json!({ "daily_segments": 7 }))),
                (Method::POST, ours.at("numbers"), Call::json(&json!({ "numbers": ["+12125550001"] }))),
                (Method::POST, ours.at("groups"), Call::json(&body("NewGroupBody"))),
                (Method::POST, ours.at(&format!("groups/{group}/archive")), Call::empty()),
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
