//! Doors of the planted person beside files, texts and goals: conversations, tests on phones,
//! forms, members' files, merges, searches, exports and operators' reasons.

use muster_integration_tests::{Call, Organization, Person, World, text};
use muster_local::programs::Binary;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::goals::goal;

/// In everything that is written here.
const SURE: &str = "Zebulon Quagmire of 646-555-0001";

/// Doors that an opt-out closes: an agent answers and edits the person, and an admin makes a note,
/// and tests a goal's text as the person and on the person's own phone.
pub(crate) async fn before_the_opt_out(world: &World, ours: &Organization, agent: &Person, group: &str, number: &str) {
    let contact = text(&ours.contact("+16465550001").await["id"]);
    let threads = agent.client.act(&format!("/v1/agent/groups/{group}/replies/claim")).await.ok();
    let thread = format!("/v1/agent/threads/{}", text(&threads[0]["thread"]["id"]));
    let edit = json!({ "first_name": "Zebulon", "email": "zq@example.org", "fields": { "Ward": "Ward-Nine" } });
    agent.client.patch(&format!("{thread}/contact"), edit).await.ok();
    let place = ours.at(&format!("contacts/{contact}"));
    let tag = ours.admin.get(&place).await.header("etag").to_owned();
    let notes = Call::json(&json!({ "notes": "Zebulon likes tea" })).header("if-match", &tag);
    ours.admin.call(Method::PATCH, &place, notes).await.ok();
    agent.client.post(&format!("{thread}/reply"), json!({ "text": "Thank you, Zebulon Quagmire" })).await.ok();
    world.messages().kind("reply").state("delivered").until(1).await;

    let script = "Hi {{first_name}} {{last_name}}! Reply STOP to opt out";
    let draft = ours.draft(group, goal(json!({ "script": script }))).await;
    let words = text(&ours.admin.get(&ours.at("test-phone")).await.ok()["text"]);
    for (nth, phone) in [(1, "+16465559000"), (2, "+16465550001")] {
        world.text(phone, number, &words).await;
        world.messages().kind("inbound").until(nth + 1).await;
        let test = json!({ "phone": phone, "contact_id": contact });
        ours.admin.post(&ours.at(&format!("goals/{draft}/test-text")), test).await.ok();
        world.messages().kind("test").state("delivered").until(nth).await;
    }
}

/// Doors that are open to everybody.
pub(crate) async fn open(world: &World, ours: &Organization, group: &str) {
    let made = async |path: &str, body: Value| text(&ours.admin.post(&ours.at(path), body).await.ok()["id"]);
    // The person signs up.
    let questions = json!([{ "field": "first_name" }, { "field": "last_name" }, { "field": "email" }]);
    let form = json!({ "group_id": group, "title": SURE, "consent_text": SURE, "questions": questions });
    let form = made("forms", form).await;
    let url = text(&ours.admin.get(&ours.at(&format!("forms/{form}"))).await.ok()["url"]);
    let answers = json!({ "first_name": "Zebulon", "last_name": "Quagmire", "email": "zq@example.org" });
    let body = json!({ "phone": "(646) 555-0001", "answers": answers, "agrees": true });
    let path = format!("{}/submit", &url[url.find("/v1/").unwrap()..]);
    assert_eq!(world.nobody().post(&path, body).await.status, 204);

    // Somebody takes the person for a member: a row that is refused, and one that is tried.
    let file = |groups: &str| {
        let row = format!("Zebulon,Quagmire,zq@example.org,agent,{groups}");
        let file = format!("First Name,Last Name,Email,Role,Groups\n{row}\n");
        Call::raw("text/csv", file).key("members-for-zebulon-quagmire-6465550001")
    };
    for (query, groups, outcome) in [("", SURE, "refused"), ("?dry_run=true", "", "would_invite")] {
        let path = ours.at(&format!("members/invite{query}"));
        let answer = ours.admin.call(Method::POST, &path, file(groups)).await;
        assert!(answer.text.contains(outcome), "{}", answer.text);
    }

    // Tags and fields become others.
    let tags = ours.admin.get(&ours.at("tags")).await.ok()["items"].as_array().cloned().unwrap_or_default();
    let vip = tags.iter().find(|tag| tag["name"] == "vip").unwrap()["id"].clone();
    let tag = made("tags", json!({ "name": "Neighbours of Zebulon Quagmire" })).await;
    ours.admin.post(&ours.at(&format!("tags/{tag}/merge")), json!({ "into": vip })).await.ok();
    let field = made("fields", json!({ "name": "Quagmire ward" })).await;
    let other = made("fields", json!({ "name": "Shoes of Zebulon Quagmire" })).await;
    ours.admin.post(&ours.at(&format!("fields/{other}/merge")), json!({ "into": field })).await.ok();
    world.settled().await;
    let name = json!({ "name": "Ward as zq@example.org said" });
    ours.admin.post(&ours.at(&format!("fields/{field}/rename")), name).await.ok();

    searches(ours, group).await;
    for (nth, body) in [
        json!({ "kind": "contacts", "contacts": { "name": "Zebulon Quagmire" } }),
        json!({ "kind": "contacts", "columns": ["first_name", "field:size of quagmire"] }),
        json!({ "kind": "conversations" }),
    ]
    .iter()
    .enumerate()
    {
        let call = Call::json(body).key(&format!("export-{nth}-of-zq@example.org"));
        ours.admin.call(Method::POST, &ours.at("exports"), call).await.ok();
    }
    world.settled().await;
    assert_eq!(world.rows("export").state("succeeded").count().await, 3);
    operators_reason(world).await;
}

/// Searches and questions, of which no row is to be left.
async fn searches(ours: &Organization, group: &str) {
    for query in [
        "contacts?name=Zebulon%20Quagmire",
        "contacts?phone=%2B16465550001",
        "contacts?email=zq%40example.org",
        "conversations?search=Zebulon",
    ] {
        ours.admin.get(&ours.at(query)).await.ok();
    }
    let automation = json!({
        "name": SURE, "keywords": ["zebulon"], "matching": "exact", "actions": [{ "kind": "answer", "text": SURE }],
    });
    for (path, body) in [
        ("opt-outs/lookup", json!({ "phone": "+16465550001" })),
        ("texts/segments", json!({ "text": SURE })),
        ("automations/dry-run", json!({ "group_id": group, "automation": automation })),
    ] {
        ours.admin.post(&ours.at(path), body).await.ok();
    }
}

/// An operator pauses a kind of job and says why.
async fn operators_reason(world: &World) {
    let file = world.folder().join("muster.toml");
    std::fs::write(&file, world.settings("muster").toml()).unwrap();
    let mut command = Command::new(Binary::Cli.path().unwrap());
    command.env_clear().env("MUSTER_CONFIG", &file);
    let output = command.args(["pause", "--kind", "audit-heads", "--reason", SURE]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::remove_file(file).unwrap();
}
