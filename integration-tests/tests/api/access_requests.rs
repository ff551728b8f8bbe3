//! Access requests: everything that is held of one person, as one file (rules A5, R3, R8 and R9).

use std::collections::BTreeSet;

use muster_domain::trust::access::{DATA_BEGIN, DATA_END};
use muster_integration_tests::{Organization, World, eventually, seconds, text};
use muster_storage::{
    testing,
    trust::{
        access,
        tables::{Rows, TABLES, Table, WITHHELD},
    },
};
use serde_json::{Value, json};

use crate::{
    export_ends::objects,
    people_save::save,
    planted::{BY_HAND, plant},
    privacy::redact,
};

/// Asks for a person's everything; returns the request once it is over.
async fn request(by: &Organization, mut body: Value) -> Value {
    body["reason"] = json!("asked by letter");
    let asked = by.admin.post(&by.at("access-requests"), body).await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    over(by, &text(&asked.ok()["id"])).await
}

async fn over(by: &Organization, id: &str) -> Value {
    eventually(seconds(40), async || {
        let request = by.admin.get(&by.at(&format!("access-requests/{id}"))).await.ok();
        if matches!(request["state"].as_str(), Some("waiting" | "running")) {
            Err(request.to_string())
        } else {
            Ok(request)
        }
    })
    .await
}

/// Makes a link to a request's file; returns its path.
async fn link(by: &Organization, request: &Value) -> String {
    let path = by.at(&format!("access-requests/{}/links", text(&request["id"])));
    text(&by.admin.act(&path).await.ok()["path"])
}

/// A file: the page for a reader, and the records for a program.
pub(crate) struct File {
    pub(crate) page: String,
    pub(crate) records: Value,
    pub(crate) whole: String,
}

/// Asks for a person's everything; returns the file.
pub(crate) async fn file(world: &World, by: &Organization, body: Value) -> File {
    let request = request(by, body).await;
    assert_eq!(request["state"], "succeeded", "{request}");
    let answer = world.nobody().get(&link(by, &request).await).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let whole = answer.text;
    let (page, data) = whole.split_once(DATA_BEGIN).unwrap();
    let data: Value = serde_json::from_str(data.split_once(DATA_END).unwrap().0).unwrap();
    assert_eq!(data["request_id"], request["id"]);
    let sections = data["records"].as_object().unwrap().values();
    let records: usize = sections.map(|records| records.as_array().unwrap().len()).sum();
    assert_eq!((&request["rows"], &request["rows_expected"]), (&json!(records), &json!(records)), "{request}");
    File { page: page.to_owned(), records: data["records"].clone(), whole }
}

/// Tables of a contact that no door fills, or fills for a moment.
const ROWS: [&str; 5] = [
    "insert into agent_opt_out (contact_id, thread_id, agent_id, at, word, texts_before, tag_id, unread_threads, unread_since)
     select c.id, t.id, m.id, now(), 7, 1, g.id, '{}', '{}' from contact c join thread t on t.contact_id = c.id, member m, tag g
     where c.e164 = '+16465550001' limit 1",
    "insert into automation_run (automation_id, organization_id, contact_id, message_id, answered, outcomes)
     select a.id, c.organization_id, c.id, uuid_v7(), false, '[{\"action\": \"opt_in\", \"outcome\": \"unchanged\"}]'
     from automation a, contact c where c.e164 = '+16465550001'",
    "insert into bulk_change_contact (bulk_change_id, contact_id)
     select b.id, c.id from bulk_change b, contact c where c.e164 = '+16465550001' on conflict do nothing",
    "insert into import_assignment (import_id, contact_id, after_agent_id)
     select i.id, c.id, m.id from import i, contact c, member m where c.e164 = '+16465550001' limit 1",
    "insert into ledger_word (organization_id, contact_id, opted_out, word, origin)
     select organization_id, id, true, 7, 'admin' from contact where e164 = '+16465550001'",
];

/// Returns the texts within a value.
fn texts_of<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) if !text.is_empty() => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts_of(item, found)),
        Value::Object(members) => members.values().for_each(|value| texts_of(value, found)),
        _ => {}
    }
}

/// Returns a text as a page has it.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

/// Holds a table's records in the file against its rows in the database.
fn compare(table: &Table, rows: &[Value], file: &File) {
    assert!(!rows.is_empty(), "plant a row of the person in {}", table.name);
    let told: BTreeSet<_> = table.told().into_iter().collect();
    let records = file.records[table.name].as_array().unwrap_or_else(|| panic!("{} is not in the file", table.name));
    assert_eq!(records.len(), rows.len(), "{}: {records:?}", table.name);
    for row in rows {
        let same = |record: &&Value| row.as_object().unwrap().iter().all(|(name, value)| record[name] == *value);
        let record =
            records.iter().find(same).unwrap_or_else(|| panic!("{}: {row} is none of {records:?}", table.name));
        for (of, column, _) in WITHHELD.iter().filter(|(of, ..)| *of == table.name) {
            assert!(record.get(column).is_none(), "{of}.{column} is withheld");
        }
        let mut shown = Vec::new();
        let words = table.texts().filter(|(column, _)| told.contains(column));
        words.for_each(|(column, _)| texts_of(&row[column], &mut shown));
        for text in shown {
            assert!(file.page.contains(&escaped(text)), "{}: the page has no {text:?}", table.name);
        }
    }
}

#[tokio::test]
async fn r8_every_value_that_the_registry_tells_of_a_planted_person_is_in_the_file() {
    World::with_engine()
        .run(async |world| {
            // One text is left that no worker has dealt with.
            let ours = plant(&world).await.ours;
            world.pause_jobs("ledger-publish").await;
            world.execute(&BY_HAND).await;
            world.execute(&ROWS).await;
            let file = file(&world, &ours, json!({ "phone": "(646) 555-0001" })).await;

            let mut tx = world.pool().begin().await.unwrap();
            access::as_of_one_instant(&mut tx).await.unwrap();
            let person = "(select id from contact where e164 = '+16465550001')";
            let mut tables = 0;
            for table in TABLES {
                let Rows::OfContact(by) = table.rows else { continue };
                let columns =
                    table.told().iter().map(|column| format!("t.\"{column}\"")).collect::<Vec<_>>().join(", ");
                let rows = format!(
                    "select row_to_json(r)::text from (select {columns} from \"{}\" t where t.{by} = {person}) r",
                    table.name
                );
                let rows = testing::texts(&mut tx, &rows).await.unwrap();
                let rows: Vec<Value> = rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
                compare(table, &rows, &file);
                tables += 1;
            }
            assert!(tables > 10, "{tables}");
            let members = testing::texts(&mut tx, "select id::text from member").await.unwrap();
            tx.rollback().await.unwrap();

            // Tables that are not of contacts alone: a rejected row, a text that nobody has dealt
            // with, an act with its reason.
            let told = |table: &str| file.records[table].to_string();
            assert!(told("import_reject").contains("６４６５５５０００１"), "{}", told("import_reject"));
            assert!(told("webhook").contains("Zebulon once more"), "{}", told("webhook"));
            assert!(told("audit_aside").contains("Quagmire called and said so"), "{}", told("audit_aside"));
            assert!(told("audit_entry").contains("opt_out_contact"), "{}", told("audit_entry"));
            assert!(
                told("message").contains("Zebulon here, who likes tea")
                    && file.page.contains("<h2>Texts to you and from you</h2>")
            );
            assert!(told("contact_tag").contains("friend of zebulon quagmire"), "a tag has its name");
            // No other contact, and none of the staff.
            for other in ["Hopper", "gh@example.org", "6465550002"] {
                assert!(!file.whole.contains(other), "{other}");
            }
            for member in members {
                assert!(!file.whole.contains(&member), "a member's id");
            }
        })
        .await;
}

#[tokio::test]
async fn r8_a_preview_tells_whom_and_how_many_records_and_writes_nothing() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let names = json!({ "first_name": "Ada", "last_name": "Lovelace" });
            let contact = text(&save(&ours, &group, "+16465550001", names).await.ok()["id"]);
            let before = world.contents().await;
            let path = ours.at("access-requests");
            let body = json!({ "phone": "646-555-0001", "reason": "asked by letter", "dry_run": true });
            let preview = ours.admin.post(&path, body).await.ok();
            assert_eq!(preview["id"], Value::Null, "{preview}");
            let whom = json!({ "id": contact, "phone": "+16465550001", "first_name": "Ada", "last_name": "Lovelace" });
            assert_eq!(preview["contact"], whom);
            let records = |name: &str| {
                let sections = preview["sections"].as_array().unwrap();
                sections
                    .iter()
                    .find(|section| section["name"] == name)
                    .map_or(0, |section| section["records"].as_i64().unwrap())
            };
            assert_eq!((records("contact"), records("membership"), records("message")), (1, 1, 0), "{preview}");
            assert!(preview["records"].as_i64().unwrap() >= 3, "{preview}");
            assert_eq!(world.contents().await, before, "a preview is no act");

            let post = async |body: Value| ours.admin.post(&path, body).await;
            for body in [
                json!({ "reason": "asked" }),
                json!({ "reason": "asked", "phone": "6465550001", "contact_id": contact }),
                json!({ "reason": "asked", "phone": "12" }),
                json!({ "reason": " ", "phone": "6465550001" }),
                json!({ "phone": "6465550001" }),
            ] {
                post(body).await.problem(422, "invalid-body");
            }
            post(json!({ "reason": "asked", "phone": "6465550009" })).await.problem(404, "not-found");
            assert_eq!(world.contents().await, before);
        })
        .await;
}

#[tokio::test]
async fn a5_access_requests_are_for_organization_admins_at_their_own_organization() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let sister = Organization::create(&ours.admin, "Sister").await;
            let (group, sisters) = (ours.group("One").await, sister.group("Two").await);
            let contact = world.plant_contact_in(&ours.id, &group, "+16465550001").await;
            let other = world.plant_contact_in(&sister.id, &sisters, "+16465550001").await;
            world.execute(&[&format!("update contact set notes = 'of the sister' where id = '{other}'")]).await;
            let (group_admin, _) = ours.member_of("group_admin", &[&group]).await;
            let admin = Organization { admin: ours.member("organization_admin").await.client, ..ours.clone() };
            let body = json!({ "contact_id": contact, "reason": "asked" });
            group_admin.client.post(&ours.at("access-requests"), body.clone()).await.problem(403, "forbidden");
            admin.admin.post(&sister.at("access-requests"), body.clone()).await.problem(404, "not-found");
            let foreign = json!({ "contact_id": other, "reason": "asked" });
            admin.admin.post(&ours.at("access-requests"), foreign).await.problem(404, "not-found");

            let made = file(&world, &admin, json!({ "phone": "6465550001" })).await;
            assert!(!made.whole.contains("of the sister") && !made.whole.contains(&other), "{}", made.whole);
            let list = admin.admin.get(&admin.at("access-requests")).await.ok();
            let id = text(&list["items"][0]["id"]);
            assert_eq!(
                (&list["items"][0]["contact_id"], &list["items"][0]["reason"]),
                (&json!(contact), &json!("asked by letter"))
            );
            // It is no export, and is not there for the sister.
            assert_eq!(admin.admin.get(&admin.at("exports")).await.ok()["items"], json!([]));
            admin.admin.get(&admin.at(&format!("exports/{id}"))).await.problem(404, "not-found");
            ours.admin.act(&ours.at(&format!("exports/{id}/links"))).await.problem(404, "not-found");
            ours.admin.get(&sister.at(&format!("access-requests/{id}"))).await.problem(404, "not-found");
            ours.admin
                .post(&ours.at("exports"), json!({ "kind": "access_request" }))
                .await
                .problem(422, "invalid-body");

            // The file is told beside each opening, and ends with the rights of the link's admin.
            let path = link(&admin, &list["items"][0]).await;
            assert_eq!(world.nobody().get(&path).await.status, 200);
            let links = ours.admin.get(&ours.at(&format!("access-requests/{id}/links"))).await.ok();
            assert_eq!(
                (&links["items"][0]["opened"], links["items"].as_array().unwrap().len()),
                (&json!(1), 2),
                "{links}"
            );
            let acts = ours.admin.get(&ours.at(&format!("audit?record_id={contact}"))).await.ok();
            let act = acts["items"].as_array().unwrap().iter().find(|act| act["operation"] == "create_access_request");
            let act = act.unwrap_or_else(|| panic!("{acts}"));
            assert_eq!(
                (&act["reason"], &act["records"][0]["kind"]),
                (&json!("asked by letter"), &json!("access_request")),
                "{act}"
            );
            let member = text(&links["items"][0]["member_id"]);
            ours.admin.patch(&ours.at(&format!("members/{member}")), json!({ "role": "group_admin" })).await.ok();
            world.nobody().get(&path).await.problem(404, "not-found");
        })
        .await;
}

#[tokio::test]
async fn r8_no_text_of_anybody_runs_in_the_readers_browser() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours </title><script>").await;
            let group = ours.group("One").await;
            let hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>";
            let values = json!({ "first_name": hostile, "notes": hostile, "fields": { hostile: hostile } });
            save(&ours, &group, "+16465550001", values).await.ok();
            let file = file(&world, &ours, json!({ "phone": "6465550001" })).await;
            assert_eq!(file.whole.matches("<script").count(), 1, "the JSON alone: {}", file.whole);
            assert!(!file.whole.contains("<img") && file.whole.contains("default-src 'none'"), "{}", file.whole);
            assert_eq!(file.records["contact"][0]["notes"], hostile);
            assert_eq!(file.records["contact"][0]["fields"][hostile], hostile);
        })
        .await;
}

#[tokio::test]
async fn r8_a_cancelled_request_leaves_nothing() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            world.plant_contact_in(&ours.id, &group, "+16465550001").await;
            world.pause_jobs("export").await;
            let body = json!({ "phone": "6465550001", "reason": "asked" });
            let id = text(&ours.admin.post(&ours.at("access-requests"), body).await.ok()["id"]);
            let cancel = async || ours.admin.act(&ours.at(&format!("access-requests/{id}/cancel"))).await;
            assert_eq!(cancel().await.ok()["state"], "cancelled");
            cancel().await.problem(409, "conflict");
            world.execute(&["delete from job_policy"]).await;
            world.rows("job").kind("export").state("succeeded").until(1).await;
            ours.admin.act(&ours.at(&format!("access-requests/{id}/links"))).await.problem(409, "conflict");
            assert!(objects(&world).is_empty(), "{:?}", objects(&world));
        })
        .await;
}

#[tokio::test]
async fn r3_a_redaction_ends_the_file_and_a_new_one_tells_what_remains() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let import = "first,last,phone,opt_out\nAda,Lovelace,6465550001,yes\n";
            ours.import(&format!("file_name=c.csv&group_id={group}"), import).await;
            let contact = text(&ours.contact("+16465550001").await["id"]);
            let before = request(&ours, json!({ "phone": "6465550001" })).await;
            let path = link(&ours, &before).await;
            assert!(world.nobody().get(&path).await.text.contains("Lovelace"));

            redact(&world, &ours, "+16465550001").await;
            world.nobody().get(&path).await.problem(404, "not-found");
            let ended = over(&ours, &text(&before["id"])).await;
            assert_eq!((&ended["file_end"], &ended["reason"]), (&json!("redaction"), &Value::Null), "{ended}");
            assert!(objects(&world).is_empty(), "{:?}", objects(&world));

            // The redacted contact is told by id: history without the person.
            let after = file(&world, &ours, json!({ "contact_id": contact })).await;
            assert!(after.records["contact"][0]["redacted_at"].is_string(), "{}", after.records);
            for needle in ["Ada", "Lovelace", "6465550001"] {
                assert!(!after.whole.contains(needle), "{needle}: {}", after.whole);
            }
            // The number has no contact any more. Once it comes again, the erasure and the opt-out
            // that outlived it are told.
            let body = json!({ "phone": "6465550001", "reason": "asked" });
            ours.admin.post(&ours.at("access-requests"), body).await.problem(404, "not-found");
            ours.import(&format!("file_name=d.csv&group_id={group}"), "first,last,phone\nA,L,6465550001\n").await;
            let again = file(&world, &ours, json!({ "phone": "6465550001" })).await;
            assert_eq!(again.records["redaction"].as_array().unwrap().len(), 1, "{}", again.records);
            assert_eq!(again.records["suppression"], json!([{ "opted_out": true }]));
            assert!(!again.whole.contains("Lovelace"), "{}", again.whole);
        })
        .await;
}
