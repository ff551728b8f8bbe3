//! Rule A5: ownership. Another tenant's id answers 404, as if there were nothing.

use std::collections::BTreeMap;

use muster_integration_tests::{CONFIRMATION, Call, Client, Organization, World, all_are, goal_at, text};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::samples::{Who, document, operations};

/// An organization in which there is one of everything.
struct Full {
    organization: Organization,
    agent: Client,
    /// By the names that paths use.
    ids: BTreeMap<&'static str, String>,
}

impl Full {
    async fn create(world: &World, organization: Organization) -> Self {
        let group = organization.group("Theirs").await;
        let (agent, number) = organization.agent(&group).await;
        let report = organization
            .import(&format!("file_name=c.csv&group_id={group}"), "first,last,phone\nAda,L,6465550001\nBad,L,1\n")
            .await;
        let goal = organization.open_goal(world, &group, json!({})).await;
        let claimed =
            agent.client.post(&format!("/v1/agent/goals/{goal}/claim"), json!({ "workflow": "initial" })).await;
        world.text("+16465550001", &number, "Who is this?").await;
        world.messages().kind("inbound").until(1).await;
        let campaign = json!({
            "name": "Everywhere", "group_ids": [group],
            "goal": goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", json!({})),
        });
        let campaign = organization.admin.post(&organization.at("campaigns"), campaign).await.ok();
        let redaction = json!({ "phone": "+16465559999", "confirmation": CONFIRMATION });
        let redaction = organization.admin.post("/v1/redactions", redaction).await.ok();
        let source = json!({ "group_id": group, "name": "Drop", "url": "store:a.csv" });
        let source = organization.admin.post(&organization.at("import-sources"), source).await.ok();
        let change = json!({ "filter": { "group_id": group }, "action": "tag", "tag": "vip" });
        let change = organization.admin.post(&organization.at("bulk-changes"), change).await.ok();
        let export = organization.admin.post(&organization.at("exports"), json!({ "kind": "contacts" })).await.ok();
        let conversations = organization.admin.get(&organization.at("conversations")).await.ok();
        let contact = organization.contact("+16465550001").await;
        world.settled().await;
        let ids = BTreeMap::from([
            ("organization_id", organization.id.clone()),
            ("group_id", group),
            ("member_id", agent.id.clone()),
            ("token_id", agent.token_id.clone()),
            ("import_id", text(&report["id"])),
            ("source_id", text(&source["id"])),
            ("contact_id", text(&contact["id"])),
            ("goal_id", goal),
            ("campaign_id", text(&campaign["id"])),
            ("thread_id", text(&conversations["items"][0]["id"])),
            ("bulk_change_id", text(&change["id"])),
            ("export_id", text(&export["id"])),
            ("batch_id", text(&claimed.ok()["batch"]["id"])),
            ("redaction_id", text(&redaction["id"])),
        ]);
        Self { organization, agent: agent.client, ids }
    }

    /// Returns the records, each with somebody that may read it.
    fn records(&self) -> Vec<(&Client, String)> {
        vec![
            (&self.organization.admin, self.organization.path.clone()),
            (&self.organization.admin, self.organization.at(&format!("groups/{}", self.ids["group_id"]))),
            (&self.organization.admin, self.organization.at(&format!("imports/{}", self.ids["import_id"]))),
            (&self.organization.admin, self.organization.at(&format!("contacts/{}", self.ids["contact_id"]))),
            (&self.organization.admin, self.organization.at(&format!("goals/{}", self.ids["goal_id"]))),
            (&self.organization.admin, self.organization.at(&format!("campaigns/{}", self.ids["campaign_id"]))),
            (&self.organization.admin, self.organization.at(&format!("conversations/{}", self.ids["thread_id"]))),
            (&self.organization.admin, format!("/v1/redactions/{}", self.ids["redaction_id"])),
            (&self.organization.admin, self.organization.at(&format!("bulk-changes/{}", self.ids["bulk_change_id"]))),
            (&self.organization.admin, self.organization.at(&format!("exports/{}", self.ids["export_id"]))),
            (&self.agent, "/v1/agent/goals".to_owned()),
        ]
    }
}

/// Every operation with a record in its path is asked for another tenant's: under its organization
/// and under one's own.
#[tokio::test]
async fn a5_another_tenants_id_in_the_path_answers_404_on_every_operation() {
    World::with_engine()
        .run(async |world| {
            let theirs = Full::create(&world, world.organization("Theirs").await).await;
            let ours = world.organization("Ours").await;
            // The same account's other organization is another tenant to a caller that is not the
            // account's admin.
            let sister = Organization::create(&theirs.organization.admin, "Sister").await;
            let group = ours.group("Ours").await;
            let admins = [
                (&ours, ours.admin.clone()),
                (&ours, ours.member("organization_admin").await.client),
                (&ours, ours.member_of("group_admin", &[&group]).await.0.client),
                (&sister, sister.member("organization_admin").await.client),
            ];
            let sister_group = sister.group("Sister").await;
            let agents = [ours.agent(&group).await.0.client, sister.agent(&sister_group).await.0.client];
            let operations = operations(&document(&world.nobody()).await);
            let before = world.contents().await;

            let mut wrong = Vec::new();
            for operation in operations {
                let parameters = operation.parameters();
                if parameters.iter().all(|name| !theirs.ids.contains_key(name.as_str())) {
                    continue;
                }
                let mut asks = Vec::new();
                match operation.who() {
                    Who::Admins => {
                        for (organization, client) in &admins {
                            // An account admin reaches every organization of the account, and
                            // nobody else's.
                            if parameters.contains(&"organization_id".to_owned()) {
                                asks.push((client, theirs.ids.clone()));
                            }
                            let mut ids = theirs.ids.clone();
                            ids.insert("organization_id", organization.id.clone());
                            if parameters.iter().any(|name| name != "organization_id") {
                                asks.push((client, ids));
                            }
                        }
                    }
                    Who::Agents => asks.extend(agents.iter().map(|agent| (agent, theirs.ids.clone()))),
                    Who::Anyone | Who::Operators | Who::Carrier | Who::Public => {}
                }
                for (client, ids) in asks {
                    let answer = client.call(operation.method.clone(), &operation.url(&ids), operation.sample()).await;
                    // An act that a role may never do is refused whichever tenant has the record:
                    // that tells nothing. An account admin may do everything.
                    let by_role = answer.status == 403 && client.token() != ours.admin.token();
                    if !by_role {
                        wrong.extend(
                            answer
                                .wrong_problem(&[(404, "not-found")])
                                .map(|why| format!("{}: {why}", operation.name())),
                        );
                    }
                }
            }
            assert!(wrong.is_empty(), "{} wrong answers:\n{}", wrong.len(), wrong.join("\n"));
            let after = world.contents().await;
            for (table, before) in &before {
                assert_eq!(&after[table], before, "{table} was changed");
            }

            // The ids are good: their owners have the records.
            for (client, path) in theirs.records() {
                client.get(&path).await.ok();
            }
            let batch = &theirs.ids["batch_id"];
            theirs.agent.post(&format!("/v1/agent/batches/{batch}/return"), json!({ "lease_token": 1 })).await.ok();
        })
        .await;
}

/// Records in a body or a query are checked like records in a path.
#[tokio::test]
async fn a5_another_tenants_id_in_a_body_or_query_answers_404() {
    World::with_api()
        .run(async |world| {
            let (ours, theirs) = (world.organization("Ours").await, world.organization("Theirs").await);
            let (our_group, their_group) = (ours.group("Ours").await, theirs.group("Theirs").await);
            let ((_, _), (their_agent, _)) = (ours.agent(&our_group).await, theirs.agent(&their_group).await);
            let window = |more| goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", more);
            let our_goal = ours.draft(&our_group, window(json!({}))).await;
            let their_goal = theirs.draft(&their_group, window(json!({}))).await;
            let contact = world.plant_contact_in(&ours.id, &our_group, "+16465550001").await;
            let before = world.contents().await;

            let create = |goal: Value| {
                (Method::POST, ours.at("goals"), Call::json(&json!({ "group_id": our_group, "goal": goal })))
            };
            let both = [&our_group, &their_group];
            let post = |path: &str, body: Value| (Method::POST, ours.at(path), Call::json(&body));
            let cases = [
                post("goals", json!({ "group_id": their_group, "goal": window(json!({})) })),
                post("campaigns", json!({ "name": "C", "group_ids": both, "goal": window(json!({})) })),
                post(&format!("goals/{our_goal}/duplicate"), json!({ "group_ids": both })),
                (
                    Method::POST,
                    ours.at(&format!("imports?file_name=a.csv&group_id={their_group}")),
                    Call::raw("text/csv", "first,last,phone\n"),
                ),
                (
                    Method::PATCH,
                    ours.at(&format!("groups/{our_group}/contacts/{contact}")),
                    Call::json(&json!({ "assigned_agent_id": their_agent.id })),
                ),
                post("contacts", json!({ "phone": "+16465550009", "group_id": their_group })),
                post(
                    "contacts",
                    json!({ "phone": "+16465550009", "group_id": our_group, "assigned_agent_id": their_agent.id }),
                ),
                post("bulk-changes", json!({ "filter": { "group_id": their_group }, "action": "tag", "tag": "x" })),
                (Method::PUT, ours.at(&format!("groups/{their_group}/contacts/{contact}")), Call::empty()),
                (Method::GET, ours.at(&format!("contacts?group_id={their_group}")), Call::empty()),
                (Method::GET, ours.at(&format!("goals?group_id={their_group}")), Call::empty()),
                (Method::GET, ours.at(&format!("conversations?group_id={their_group}")), Call::empty()),
            ];
            let mut wrong = Vec::new();
            for (method, path, call) in cases {
                let body = call.body.clone().map(|body| String::from_utf8(body).unwrap()).unwrap_or_default();
                let answer = ours.admin.call(method, &path, call).await;
                wrong.extend(answer.wrong_problem(&[(404, "not-found")]).map(|why| format!("{body} {why}")));
            }
            // Names in a targeting are refused by name, as those of nothing (T1a).
            for (targeting, named) in [
                (json!({ "member_of": [their_group] }), &their_group),
                (json!({ "not_member_of": [their_group] }), &their_group),
                (json!({ "earlier_goals": [{ "goal_id": their_goal, "any_of": ["yes"] }] }), &their_goal),
            ] {
                let (method, path, call) = create(window(json!({ "targeting": targeting })));
                let problem = ours.admin.call(method, &path, call).await.problem(422, "invalid-body");
                assert!(text(&problem["detail"]).contains(named.as_str()), "{problem}");
            }
            assert!(wrong.is_empty(), "{} wrong answers:\n{}", wrong.len(), wrong.join("\n"));
            assert_eq!(world.contents().await, before);
            assert!(world.objects().is_empty());
        })
        .await;
}

#[tokio::test]
async fn a5_a_group_admin_has_only_their_groups() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (mine, other) = (ours.group("Mine").await, ours.group("Other").await);
            let (admin, _) = ours.member_of("group_admin", &[&mine]).await;
            let (their_agent, _) = ours.agent(&other).await;
            let window = goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", json!({}));
            let goal = ours.draft(&other, window.clone()).await;
            ours.draft(&mine, window.clone()).await;
            let contact = world.plant_contact_in(&ours.id, &other, "+16465550001").await;
            let (import, thread) = (Uuid::now_v7(), Uuid::now_v7());
            let member = &their_agent.id;
            world
                .execute(&[
                    &format!(
                        "insert into import (id, organization_id, group_id, created_by, file_name, object_key, \
                     size_bytes)
                 values ('{import}', '{}', '{other}', '{member}', 'a.csv', 'a', 1)",
                        ours.id
                    ),
                    &format!(
                        "insert into thread (id, organization_id, group_id, contact_id, sender_e164)
                 select '{thread}', '{}', '{other}', '{contact}', e164 from sender_number where agent_id = '{member}'",
                        ours.id
                    ),
                ])
                .await;
            let client = &admin.client;
            let before = world.contents().await;
            let new_goal = json!({ "group_id": other, "goal": window });
            let campaign = json!({ "name": "C", "group_ids": [mine, other], "goal": window });
            let answers = [
                client.get(&ours.at(&format!("groups/{other}"))).await,
                client.get(&ours.at(&format!("contacts?group_id={other}"))).await,
                client.get(&ours.at(&format!("contacts/{contact}"))).await,
                client.get(&ours.at(&format!("conversations?group_id={other}"))).await,
                client.get(&ours.at(&format!("conversations/{thread}"))).await,
                client.get(&ours.at(&format!("goals/{goal}"))).await,
                client.get(&ours.at(&format!("goals/{goal}/stats"))).await,
                client.get(&ours.at(&format!("goals/{goal}/preview"))).await,
                client.put(&ours.at(&format!("goals/{goal}")), window.clone()).await,
                client.act(&ours.at(&format!("goals/{goal}/launch"))).await,
                client.post(&ours.at(&format!("goals/{goal}/duplicate")), json!({ "group_ids": [mine] })).await,
                client.post(&ours.at("goals"), new_goal).await,
                client.post(&ours.at("campaigns"), campaign).await,
                client.get(&ours.at(&format!("imports/{import}"))).await,
                client.get(&ours.at(&format!("imports/{import}/rejects.csv"))).await,
                client.get(&ours.at(&format!("imports/{import}/changes"))).await,
                client.get(&ours.at(&format!("imports/{import}/events"))).await,
                client.act(&ours.at(&format!("imports/{import}/undo"))).await,
                client.act(&ours.at(&format!("imports/{import}/cancel"))).await,
                client.post(&ours.at(&format!("contacts/{contact}/opt-out")), json!({ "reason": "said so" })).await,
                client.patch(&ours.at(&format!("groups/{other}/contacts/{contact}")), json!({ "active": false })).await,
                client.patch(&ours.at(&format!("groups/{mine}/contacts/{contact}")), json!({ "active": false })).await,
                client.patch(&ours.at(&format!("contacts/{contact}")), json!({ "notes": "x" })).await,
                client.call(Method::PUT, &ours.at(&format!("groups/{mine}/contacts/{contact}")), Call::empty()).await,
                client.call(Method::PUT, &ours.at(&format!("groups/{other}/contacts/{contact}")), Call::empty()).await,
                client
                    .call(Method::DELETE, &ours.at(&format!("groups/{other}/contacts/{contact}")), Call::empty())
                    .await,
                client.post(&ours.at("contacts"), json!({ "phone": "+16465550009", "group_id": other })).await,
                client.call(Method::PUT, &ours.at(&format!("groups/{other}/members/{member}")), Call::empty()).await,
                client
                    .call(
                        Method::POST,
                        &ours.at(&format!("imports?file_name=a.csv&group_id={other}")),
                        Call::raw("text/csv", "first,last,phone\n"),
                    )
                    .await,
            ];
            all_are(&answers, reqwest::StatusCode::NOT_FOUND);
            assert_eq!(world.contents().await, before);

            only_theirs(client, &ours, &mine).await;
        })
        .await;
}

/// The admin of one group sees that group and its goals in the lists.
async fn only_theirs(client: &Client, ours: &Organization, mine: &str) {
    let groups = client.get(&ours.at("groups")).await.ok();
    let names: Vec<&str> =
        groups["items"].as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Mine"]);
    let goals = client.get(&ours.at("goals")).await.ok();
    let of: Vec<&str> =
        goals["items"].as_array().unwrap().iter().map(|goal| goal["group_id"].as_str().unwrap()).collect();
    assert_eq!(of, [mine]);
}
