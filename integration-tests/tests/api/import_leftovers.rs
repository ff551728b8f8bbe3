//! Leftovers of imports that are over: their list, contacts' provenance, and no rows in the object
//! store (rules C13 and R3).

use muster_integration_tests::{CONFIRMATION, Call, World, text};
use muster_jobs::kinds::{Task, Upkeep};
use serde_json::{Value, json};

use reqwest::Method;

#[tokio::test]
async fn imports_are_listed_from_the_youngest_and_a_group_admin_has_those_of_their_groups() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (mine, other) = (ours.group("Mine").await, ours.group("Other").await);
            let mut ids = Vec::new();
            for (nth, group) in [&mine, &other, &mine].into_iter().enumerate() {
                let rows = format!("first,last,phone\nAda,L,646555000{nth}\nBad,Row,1\n");
                ids.push(text(&ours.import(&format!("file_name={nth}.csv&group_id={group}"), rows).await["id"]));
            }
            let dry = "file_name=New.csv&dry_run=true&zone=America/Chicago&area_code=312";
            ids.push(text(&ours.import(dry, "first,last,phone\n").await["id"]));
            ids.reverse();
            let listed = |page: &Value| {
                page["items"].as_array().unwrap().iter().map(|item| text(&item["id"])).collect::<Vec<_>>()
            };
            let all = ours.admin.get(&ours.at("imports")).await.ok();
            assert_eq!((listed(&all), &all["next"]), (ids.clone(), &Value::Null), "{all}");
            let item = &all["items"][1];
            let seen = ["group_id", "file_name", "state", "dry_run", "rows_read", "created", "rejected"]
                .map(|name| &item[name]);
            assert_eq!(json!(seen), json!([mine, "2.csv", "succeeded", false, 2, 1, 1]));
            assert!(item["created_at"].is_string() && item["finished_at"].is_string(), "{item}");
            let first = ours.admin.get(&ours.at("imports?limit=3")).await.ok();
            assert_eq!((listed(&first), &first["next"]), (ids[..3].to_vec(), &json!(ids[2])));
            let second = ours.admin.get(&ours.at(&format!("imports?limit=3&cursor={}", ids[2]))).await.ok();
            assert_eq!((listed(&second), &second["next"]), (ids[3..].to_vec(), &Value::Null));
            let (admin, _) = ours.member_of("group_admin", &[&mine]).await;
            let theirs = admin.client.get(&ours.at("imports")).await.ok();
            assert_eq!(listed(&theirs), [ids[1].clone(), ids[3].clone()]);
            let stranger = world.organization("Stranger").await;
            stranger.admin.get(&ours.at("imports")).await.problem(404, "not-found");
            assert_eq!(stranger.admin.get(&stranger.at("imports")).await.ok()["items"], json!([]));
        })
        .await;
}

#[tokio::test]
async fn c13_a_contact_says_where_it_comes_from() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (_, number) = ours.agent(&group).await;
            let query = format!("file_name=a.csv&group_id={group}&consent_text=They%20signed%20up");
            let report = ours.import(&query, "first,last,phone\nAda,L,6465550001\n").await;
            let ada = ours.contact("+16465550001").await;
            assert_eq!((&ada["source"], &ada["source_import_id"]), (&json!("file"), &report["id"]), "{ada}");
            assert_eq!(ada["consent_text"], "They signed up");
            assert!(ada["created_at"].is_string());
            // Another file changes nothing of that.
            ours.import(&format!("file_name=b.csv&group_id={group}"), "first,last,phone\nAdah,L,6465550001\n").await;
            let after = ours.admin.get(&ours.at(&format!("contacts/{}", text(&ada["id"])))).await.ok();
            for name in ["source", "source_import_id", "consent_text", "created_at"] {
                assert_eq!(after[name], ada[name], "{name}");
            }
            world.text("+16465550002", &number, "Hello?").await;
            world.contacts().until(2).await;
            let eve = ours.contact("+16465550002").await;
            assert_eq!((&eve["source"], &eve["source_import_id"]), (&json!("inbound"), &Value::Null), "{eve}");
        })
        .await;
}

/// Rule R3: rows of people wait in the object store while an import runs, and not a moment longer.
#[tokio::test]
async fn r3_an_import_that_fails_at_a_step_leaves_no_rows_behind() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            // Anything that is written down of the file cannot be read again, so that the next step
            // can never be done.
            world
                .execute(&[
                    "create function spoil_header() returns trigger language plpgsql as $$ begin new.header = '{}'; \
                 return new; end $$",
                    "create trigger spoil_header before update on import for each row when (new.header is not null) \
                 execute function spoil_header()",
                ])
                .await;
            let text = "first,last,phone\nAda,L,6465550001\n";
            let utf16: Vec<u8> =
                [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
            let report = ours.import(&format!("file_name=a.csv&group_id={group}"), utf16).await;
            assert_eq!(report["state"], "failed", "{report}");
            assert!(report["failure"].as_str().unwrap().contains("header"), "{report}");
            // It is deleted behind the commit that ends the import, and before that of the job.
            world.jobs().state("parked").until(1).await;
            let id = report["id"].as_str().unwrap();
            let left: Vec<_> = world.objects().into_iter().filter(|file| !file.ends_with(id)).collect();
            assert!(left.is_empty(), "{left:?}");
        })
        .await;
}

#[tokio::test]
async fn r3_an_import_whose_work_was_given_up_leaves_no_rows_behind() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (admin, _) = ours.member_of("group_admin", &[&group]).await;
            let id = uuid::Uuid::now_v7();
            let insert = format!(
                "insert into import (id, organization_id, group_id, created_by, file_name, object_key, size_bytes, \
             state, created_at)
         values ('{id}', '{}', '{group}', '{}', 'a.csv', 'imports/a', 1, 'running', now() - interval '1 hour')",
                ours.id, admin.id
            );
            world.execute(&[&insert]).await;
            leave(&world, &ours.id, &id.to_string());
            world.enqueue(&Upkeep { task: Task::Reconcile }).await;
            world.imports().id(id).state("failed").until(1).await;
            assert!(world.objects().is_empty(), "{:?}", world.objects());
        })
        .await;
}

#[tokio::test]
async fn r3_a_redaction_takes_what_a_dead_worker_has_left() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let report =
                ours.import(&format!("file_name=a.csv&group_id={group}"), "first,last,phone\nAda,L,6465550001\n").await;
            leave(&world, &ours.id, report["id"].as_str().unwrap());
            let body = json!({ "phone": "+16465550001", "confirmation": CONFIRMATION });
            ours.admin.call(Method::POST, "/v1/redactions", Call::json(&body)).await.ok();
            world.redactions().has("finished_at").until(1).await;
            assert!(world.objects().is_empty(), "{:?}", world.objects());
        })
        .await;
}

/// Leaves rows of an import in the object store, as a worker does that dies, or that wakes up when
/// all is over.
fn leave(world: &World, organization: &str, import: &str) {
    let folder = world.folder().join("imports").join(organization).join(format!("{import}.work"));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("part-0.1"), "+16465550001\t2\tAda\tL\n").unwrap();
}
