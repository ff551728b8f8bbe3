//! Exports: records of an organization as files (rules A5, C7, E1 and R3).

use std::{collections::BTreeSet, io::Read as _};

use muster_domain::trust::export::{ExportFormat, ExportKind};
use muster_integration_tests::{Answer, Organization, World, eventually, goal_at, seconds, set, text};
use serde_json::{Value, json};

use crate::{
    group_knowledge::{Two, tells_nothing},
    people_save::save,
    privacy::redact,
};

pub(crate) async fn ask(by: &Organization, body: Value) -> Answer {
    by.admin.post(&by.at("exports"), body).await
}

pub(crate) async fn get(by: &Organization, id: &str) -> Value {
    by.admin.get(&by.at(&format!("exports/{id}"))).await.ok()
}

/// Waits until an export is over; returns it.
pub(crate) async fn over(by: &Organization, id: &str) -> Value {
    eventually(seconds(40), async || {
        let export = get(by, id).await;
        if matches!(export["state"].as_str(), Some("waiting" | "running")) {
            Err(export.to_string())
        } else {
            Ok(export)
        }
    })
    .await
}

/// Asks for an export and waits for its file; returns its id.
pub(crate) async fn done(by: &Organization, body: Value) -> String {
    let asked = ask(by, body).await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    let id = text(&asked.ok()["id"]);
    let export = over(by, &id).await;
    assert_eq!(export["state"], "succeeded", "{export}");
    id
}

/// Makes a link to an export's file; returns its path.
pub(crate) async fn link(by: &Organization, id: &str) -> String {
    text(&by.admin.act(&by.at(&format!("exports/{id}/links"))).await.ok()["path"])
}

/// Returns the text of an export's file.
pub(crate) async fn file(world: &World, by: &Organization, body: Value) -> String {
    let id = done(by, body).await;
    let answer = world.nobody().get(&link(by, &id).await).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

/// Returns the records of an export in JSON.
pub(crate) async fn records(world: &World, by: &Organization, mut body: Value) -> Vec<Value> {
    set(&mut body, json!({ "format": "json_lines" }));
    let file = file(world, by, body).await;
    file.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

/// Returns the values of one column.
fn column<'r>(records: &'r [Value], name: &str) -> BTreeSet<&'r str> {
    records.iter().filter_map(|record| record[name].as_str()).collect()
}

/// An organization with something of each kind: three contacts, of which one has opted out.
pub(crate) async fn full(world: &World) -> (Organization, String) {
    let ours = world.organization("Ours").await;
    let group = ours.group("One").await;
    let (agent, number) = ours.agent(&group).await;
    let file = "first,last,phone,email,tags,Ward\n\
        Ada,Lovelace,6465550001,ada@example.org,vip,7\n\
        =cmd(),\"Hop\"\"per\",6465550002,,,\n\
        Zoë,Noether,6465550003,,,8\n";
    let report = ours.import(&format!("file_name=c.csv&group_id={group}"), file).await;
    assert_eq!(report["created"], 3, "{report}");
    let goal = ours.open_goal(world, &group, json!({})).await;
    let batch = agent.client.claim(&goal, "initial").await;
    agent.client.send(&batch).await.ok();
    world.messages().kind("initial").state("delivered").until(3).await;
    world.text("+16465550001", &number, "Who is this?").await;
    world.text("+16465550002", &number, "STOP").await;
    world.messages().kind("opt_out_confirmation").state("delivered").until(1).await;
    let campaign = json!({
        "name": "Everywhere", "group_ids": [group],
        "goal": goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", json!({})),
    });
    ours.admin.post(&ours.at("campaigns"), campaign).await.ok();
    world.settled().await;
    (ours, goal)
}

#[tokio::test]
async fn e1_every_kind_is_written_in_every_format_with_all_of_its_columns() {
    World::with_engine()
        .run(async |world| {
            let (ours, _) = full(&world).await;
            for kind in ExportKind::OFFERED {
                let names: Vec<_> = kind.columns().iter().map(|column| column.name).collect();
                let body = json!({ "kind": kind });
                let csv = file(&world, &ours, body.clone()).await;
                let header = names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(",");
                assert_eq!(csv.lines().next().unwrap(), header, "{kind}");
                assert!(
                    csv.ends_with("\r\n") && csv.matches('\n').count() == csv.matches("\r\n").count(),
                    "{kind}: {csv}"
                );

                let records = records(&world, &ours, body).await;
                let wanted = match kind {
                    ExportKind::Contacts => 3,
                    // Of the goal, and of the campaign's, which does not target the third any more.
                    ExportKind::GoalResults => 5,
                    ExportKind::Conversations => 6,
                    ExportKind::CampaignResults | ExportKind::OptOuts => 1,
                    // Each act is one more: the second export, and the opening of the first.
                    ExportKind::Audit => records.len(),
                    ExportKind::AccessRequest => unreachable!("it is no export"),
                };
                assert!(records.len() == wanted && wanted > 0, "{kind}: {records:?}");
                let lines = csv.matches("\r\n").count() - 1;
                assert!(lines == wanted || (kind == ExportKind::Audit && lines < wanted), "{kind}: {csv}");
                for record in &records {
                    let members: BTreeSet<_> = record.as_object().unwrap().keys().map(String::as_str).collect();
                    assert_eq!(members, names.iter().copied().collect(), "{kind}");
                }
                let id = names[0];
                // A number is no text.
                for value in column(&records, id) {
                    assert!(csv.contains(value), "{kind}: {id} {value} is in both");
                }
            }
            assert_eq!(
                ExportFormat::OFFERED.map(ExportFormat::as_str),
                ["csv", "json_lines"],
                "each is looked at above"
            );
        })
        .await;
}

#[tokio::test]
async fn e1_values_have_their_types_and_custom_fields_and_columns_their_order() {
    World::with_engine()
        .run(async |world| {
            let (ours, goal) = full(&world).await;
            let columns = json!(["field:Ward", "tags", "phone", "first_name", "opted_out_at", "groups"]);
            let csv = file(&world, &ours, json!({ "kind": "contacts", "columns": columns })).await;
            let lines: BTreeSet<_> = csv.lines().collect();
            assert!(csv.starts_with("\"field:Ward\",\"tags\",\"phone\",\"first_name\",\"opted_out_at\",\"groups\"\r\n"), "{csv}");
            assert!(lines.contains("\"7\",\"vip\",\"+16465550001\",\"Ada\",,\"One\""), "{csv}");
            // No cell of a spreadsheet is a formula (rule C7).
            assert!(csv.contains("\"'=cmd()\",20") && !csv.contains("\"=cmd()\""), "{csv}");
            let records_of = async |body: Value| records(&world, &ours, body).await;
            let contacts = records_of(json!({ "kind": "contacts", "columns": columns })).await;
            let ada = contacts.iter().find(|one| one["first_name"] == "Ada").unwrap();
            assert_eq!(
                *ada,
                json!({ "field:Ward": "7", "tags": ["vip"], "phone": "+16465550001", "first_name": "Ada", "opted_out_at": null,
                    "groups": ["One"] })
            );
            let stopped = contacts.iter().find(|one| one["first_name"] == "=cmd()").unwrap();
            let at = text(&stopped["opted_out_at"]);
            assert!(chrono::DateTime::parse_from_rfc3339(&at).is_ok() && at.ends_with('Z'), "{stopped}");

            let results = records_of(json!({ "kind": "goal_results", "goal_ids": [goal] })).await;
            assert!(results.iter().all(|one| one["messaged"] == true && one["reminded"] == false), "{results:?}");
            assert_eq!(results.iter().filter(|one| one["replied_at"].is_string()).count(), 2, "{results:?}");
            let texts = records_of(json!({ "kind": "conversations" })).await;
            assert!(texts.iter().all(|one| one["segments"].is_i64()), "{texts:?}");
            assert_eq!(column(&texts, "direction"), BTreeSet::from(["in", "out"]));
            let campaigns = records_of(json!({ "kind": "campaign_results" })).await;
            assert_eq!((&campaigns[0]["campaign"], &campaigns[0]["targeted"]), (&json!("Everywhere"), &json!(2)));
        })
        .await;
}

#[tokio::test]
async fn e1_filters_are_those_of_the_lists() {
    World::with_engine()
        .run(async |world| {
            let (ours, goal) = full(&world).await;
            let records_of = async |body: Value| records(&world, &ours, body).await;
            let names = async |filter: Value| {
                let found =
                    records_of(json!({ "kind": "contacts", "contacts": filter, "columns": ["first_name"] })).await;
                column(&found, "first_name").into_iter().map(ToOwned::to_owned).collect::<Vec<_>>()
            };
            assert_eq!(names(json!({ "tag": "vip" })).await, ["Ada"]);
            assert_eq!(names(json!({ "phone": "(646) 555-0003" })).await, ["Zoë"]);
            assert_eq!(names(json!({ "status": "opted_out" })).await, ["=cmd()"]);
            assert_eq!(names(json!({ "name": "o'clock" })).await, [""; 0]);
            let ada = text(&ours.contact("+16465550001").await["id"]);
            let some = records_of(json!({ "kind": "contacts", "contact_ids": [ada] })).await;
            assert_eq!(column(&some, "contact_id"), BTreeSet::from([ada.as_str()]));

            let texts = async |filter: Value| {
                let found = records_of(json!({ "kind": "conversations", "conversations": filter })).await;
                column(&found, "first_name").into_iter().map(ToOwned::to_owned).collect::<Vec<_>>()
            };
            assert_eq!(texts(json!({ "phone": "+16465550001" })).await, ["Ada"]);
            assert_eq!(texts(json!({ "search": "WHO is" })).await, ["Ada"]);
            assert_eq!(texts(json!({ "search": "6465550003" })).await, ["Zoë"]);
            assert_eq!(texts(json!({ "unresponded": true })).await, ["Ada"]);
            assert_eq!(texts(json!({ "tag": "vip" })).await, ["Ada"]);
            assert_eq!(texts(json!({ "goal_id": goal })).await.len(), 3);

            let results = async |body: Value| records_of(body).await.len();
            assert_eq!(results(json!({ "kind": "goal_results", "goals": { "status": "active" } })).await, 3);
            assert_eq!(results(json!({ "kind": "goal_results", "goals": { "status": "draft" } })).await, 0);
            assert_eq!(results(json!({ "kind": "campaign_results", "campaigns": { "status": "completed" } })).await, 0);
            assert_eq!(results(json!({ "kind": "opt_outs", "opt_outs": { "origin": "text" } })).await, 1);
            assert_eq!(results(json!({ "kind": "opt_outs", "opt_outs": { "origin": "file" } })).await, 0);
        })
        .await;
}

#[tokio::test]
async fn e1_a_packed_file_unpacks_to_the_same() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.contacts(&group, 500).await;
            let body = json!({ "kind": "contacts", "columns": ["phone"] });
            let plain = file(&world, &ours, body.clone()).await;
            let mut packed = body;
            set(&mut packed, json!({ "gzip": true }));
            let id = done(&ours, packed).await;
            let url = format!("{}{}", world.api().url(), link(&ours, &id).await);
            let answer = world.http().get(url).send().await.unwrap();
            let name = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
            assert!(name.starts_with("attachment; filename=\"contacts-") && name.ends_with(".csv.gz\""), "{name}");
            let bytes = answer.bytes().await.unwrap();
            let mut unpacked = String::new();
            flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut unpacked).unwrap();
            let sorted = |text: &str| text.lines().map(ToOwned::to_owned).collect::<BTreeSet<_>>();
            assert_eq!(sorted(&unpacked), sorted(&plain));
            let export = get(&ours, &id).await;
            assert_eq!((&export["rows"], &export["bytes"]), (&json!(500), &json!(bytes.len())), "{export}");
        })
        .await;
}

#[tokio::test]
async fn r3_redacted_people_appear_as_redacted() {
    World::with_engine()
        .run(async |world| {
            let (ours, _) = full(&world).await;
            redact(&world, &ours, "+16465550001").await;
            for kind in ExportKind::OFFERED {
                let csv = file(&world, &ours, json!({ "kind": kind })).await;
                for secret in ["6465550001", "\"Ada\"", "Hi Ada", "Lovelace", "ada@example.org", "Who is this"] {
                    assert!(!csv.contains(secret), "{kind} tells {secret}: {csv}");
                }
                let names_people = kind.columns().iter().any(|column| column.name == "first_name");
                assert_eq!(csv.contains("\"redacted\""), names_people, "{kind}: {csv}");
            }
        })
        .await;
}

#[tokio::test]
async fn a5_a_group_admins_export_has_their_groups_and_the_knowledge_of_these() {
    Two::run(async |two| {
        let Two { world, ours, mine, theirs, group, .. } = &two;
        two.import("first,last,phone\n,,6465550001\nAda,Lovelace,6465550002\n").await;
        let (agent, number) = ours.agent(group).await;
        let goal = ours.open_goal(world, group, json!({})).await;
        let batch = agent.client.claim(&goal, "initial").await;
        agent.client.send(&batch).await.ok();
        world.messages().kind("initial").state("delivered").until(2).await;
        world.text("+16465550001", &number, "STOP").await;
        world.messages().kind("opt_out_confirmation").state("delivered").until(1).await;
        world.settled().await;
        for kind in ExportKind::OF_GROUPS {
            let mut body = json!({ "kind": kind });
            if kind == ExportKind::Contacts {
                let names = kind.columns().iter().map(|column| json!(column.name)).chain([json!("field:ward")]);
                body["columns"] = names.collect();
            }
            let seen = records(world, mine, body.clone()).await;
            tells_nothing(kind.as_str(), &json!(seen));
            assert!(!seen.is_empty() || kind == ExportKind::CampaignResults, "{kind}");
            let others = json!(records(world, theirs, body).await).to_string();
            assert!(!others.contains("6465550002"), "{kind}: {others}");
        }
        let whole =
            records(world, ours, json!({ "kind": "contacts", "columns": ["first_name", "field:ward", "tags"] })).await;
        assert!(json!(whole).to_string().contains("secret-ward"), "{whole:?}");

        // The export of another admin is not there for them.
        let id = done(ours, json!({ "kind": "contacts" })).await;
        mine.admin.get(&mine.at(&format!("exports/{id}"))).await.problem(404, "not-found");
        mine.admin.act(&mine.at(&format!("exports/{id}/links"))).await.problem(404, "not-found");
        let list = mine.admin.get(&mine.at("exports")).await.ok();
        assert!(!list.to_string().contains(&id), "{list}");
        let window = goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", json!({}));
        let their_goal = ours.draft(&two.their_group, window).await;
        ask(mine, json!({ "kind": "conversations", "conversations": { "goal_id": their_goal } }))
            .await
            .problem(404, "not-found");
        let filter = json!({ "kind": "contacts", "contacts": { "group_id": two.their_group } });
        ask(mine, filter).await.problem(404, "not-found");
    })
    .await;
}

#[tokio::test]
async fn e1_what_is_no_export_is_refused_and_exports_at_once_are_bounded() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let theirs = world.organization("Theirs").await;
            let their_group = theirs.group("Two").await;
            let before = world.contents().await;
            for body in [
                json!({ "kind": "everything" }),
                json!({ "kind": "contacts", "format": "xlsx" }),
                json!({ "kind": "contacts", "columns": [] }),
                json!({ "kind": "contacts", "columns": ["phone", "phone"] }),
                json!({ "kind": "contacts", "columns": ["password"] }),
                json!({ "kind": "contacts", "columns": [format!("field:{}", "x".repeat(201))] }),
                json!({ "kind": "opt_outs", "columns": ["field:Ward"] }),
                json!({ "kind": "opt_outs", "contacts": {} }),
                json!({ "kind": "contacts", "contacts": { "nmae": "x" } }),
                json!({ "kind": "contacts", "goal_ids": [their_group] }),
                json!({ "kind": "goal_results", "goals": { "figures": true } }),
                json!({ "kind": "conversations", "conversations": { "phone": "12" } }),
            ] {
                ask(&ours, body).await.problem(422, "invalid-body");
            }
            for body in [
                json!({ "kind": "contacts", "contacts": { "group_id": their_group } }),
                json!({ "kind": "conversations", "conversations": { "group_id": their_group } }),
                json!({ "kind": "goal_results", "goals": { "group_id": their_group } }),
            ] {
                ask(&ours, body).await.problem(404, "not-found");
            }
            assert_eq!(world.contents().await, before);
            for _ in 0..5 {
                ask(&ours, json!({ "kind": "contacts" })).await.ok();
            }
            ask(&ours, json!({ "kind": "contacts" })).await.problem(409, "conflict");
            ask(&theirs, json!({ "kind": "contacts" })).await.ok();
        })
        .await;
}

/// A value of a contact that a file's format could take for something else.
#[tokio::test]
async fn e1_every_value_comes_back_as_it_was() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let odd =
                ["a\tb", "line\r\nbreak", "back\\slash \\N", "quote \" comma , semicolon ;", "\\N", "é ☃ 𝕏", "\u{1}"];
            for (nth, notes) in odd.iter().enumerate() {
                save(&ours, &group, &format!("+1646555000{nth}"), json!({ "notes": notes })).await.ok();
            }
            let found = records(&world, &ours, json!({ "kind": "contacts", "columns": ["notes"] })).await;
            let stored: Vec<Option<String>> = world.rows("contact").list("notes", "notes").await;
            assert_eq!(
                column(&found, "notes"),
                stored.iter().flatten().map(String::as_str).collect(),
                "as the organization has them"
            );
            let csv = file(&world, &ours, json!({ "kind": "contacts", "columns": ["notes"] })).await;
            assert!(csv.contains("\"quote \"\" comma , semicolon ;\""), "{csv}");
        })
        .await;
}
