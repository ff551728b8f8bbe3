//! Ends of exports and of their files: cancels, dead workers, links, age and redactions (rules A5,
//! E1, J7 and R3).

use std::path::PathBuf;

use muster_domain::ids::{ExportId, OrganizationId};
use muster_integration_tests::{World, eventually, seconds, text};
use muster_jobs::kinds::{Task, Upkeep};
use muster_storage::trust::exports::{self, Progress};
use serde_json::{Value, json};

use crate::{
    exports::{ask, done, file, get, link, over},
    privacy::redact,
};

/// Returns the files of exports in the object store.
pub(crate) fn objects(world: &World) -> Vec<PathBuf> {
    fn files(folder: &std::path::Path, found: &mut Vec<PathBuf>) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    files(&world.folder().join("exports"), &mut found);
    found
}

async fn sweep(world: &World) {
    let id = world.enqueue(&Upkeep { task: Task::Exports }).await;
    world.until_state(id, "succeeded", seconds(20)).await;
}

#[tokio::test]
async fn e1_a_cancelled_export_leaves_nothing_whether_it_has_begun_or_not() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.contacts(&group, 3).await;
            world.pause_jobs("export").await;
            let waiting = text(&ask(&ours, json!({ "kind": "contacts" })).await.ok()["id"]);
            let cancel = async |id: &str| ours.admin.act(&ours.at(&format!("exports/{id}/cancel"))).await;
            assert_eq!(cancel(&waiting).await.ok()["state"], "cancelled");
            cancel(&waiting).await.problem(409, "conflict");
            world.execute(&["delete from job_policy"]).await;

            // The copy stands before a lock.
            let gate = world.hold_table("contact_tag").await;
            let running = text(&ask(&ours, json!({ "kind": "contacts" })).await.ok()["id"]);
            world.until_locked("export_contacts").await;
            assert_eq!(get(&ours, &running).await["state"], "running");
            assert_eq!(cancel(&running).await.ok()["state"], "cancelled");
            gate.open().await;
            world.rows("job").kind("export").state("succeeded").until(2).await;
            assert_eq!(objects(&world), Vec::<PathBuf>::new());
            for id in [&waiting, &running] {
                assert_eq!(get(&ours, id).await["state"], "cancelled");
                ours.admin.act(&ours.at(&format!("exports/{id}/links"))).await.problem(409, "conflict");
            }
        })
        .await;
}

/// A worker that dies behind its file leaves one that is never served; the next begins again.
#[tokio::test]
async fn j7_an_export_is_begun_again_after_its_worker_has_died() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.contacts(&group, 20).await;
            world
                .execute(&[
                    "create or replace function fail_once() returns trigger language plpgsql as $$
                     begin
                         if new.state = 'succeeded' and new.attempt = 1 then raise exception 'the worker dies here'; end if;
                         return new;
                     end $$",
                    "create trigger fail_once before update on export for each row execute function fail_once()",
                ])
                .await;
            let id = done(&ours, json!({ "kind": "contacts", "columns": ["phone"] })).await;
            // A lease that is lost on a busy machine is one more.
            assert!(world.rows("export").id(&id).the::<i32>("attempt").await >= 2);
            let answer = world.nobody().get(&link(&ours, &id).await).await;
            assert_eq!(answer.text.lines().count(), 21, "{}", answer.text);
            assert_eq!(objects(&world).len(), 1, "the first attempt's file is gone");
        })
        .await;
}

/// Stands still in the middle of a large file, of which parts are written by then.
const IN_THE_MIDDLE: [&str; 2] = [
    "create function stand(n int) returns boolean language plpgsql stable as $$
     begin
         if n = 100000 then perform pg_advisory_xact_lock_shared(77); end if;
         return true;
     end $$",
    "create or replace function export_opt_outs(in_organization uuid, readers uuid[], filter jsonb)
     returns table (contact_id uuid, phone text, opted_out_at timestamptz, origin text, reason text, is_redacted boolean) language sql stable as $$
         select in_organization, '+1646' || (2000000 + n), statement_timestamp(), 'text', repeat('x', 50), false
         from generate_series(1, 150000) n where n < 100000 or stand(n)
     $$",
];

#[tokio::test]
async fn j7_a_worker_that_dies_between_the_parts_of_a_file_leaves_nothing_that_is_served() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            world.execute(&IN_THE_MIDDLE).await;
            let gate = world.hold("select pg_advisory_xact_lock(77)").await;
            let _scheduler = world.scheduler("scheduler-1");
            let first = world.worker("worker-1");
            let id = text(&ask(&ours, json!({ "kind": "opt_outs" })).await.ok()["id"]);
            world.until_locked("export_opt_outs").await;
            let told = eventually(seconds(20), async || {
                let export = get(&ours, &id).await;
                if export["rows"].as_i64() > Some(50_000) { Ok(export) } else { Err(export.to_string()) }
            })
            .await;
            assert!(told["state"] == "running" && told["rows_expected"].is_i64(), "{told}");
            first.abort();
            ours.admin.act(&ours.at(&format!("exports/{id}/links"))).await.problem(409, "conflict");
            gate.open().await;
            let second = world.worker("worker-2");
            let export = over(&ours, &id).await;
            assert_eq!((&export["state"], &export["rows"]), (&json!("succeeded"), &json!(150_000)), "{export}");
            // A lease that is lost on a busy machine is one more.
            assert!(world.rows("export").id(&id).the::<i32>("attempt").await >= 2);
            let answer = world.nobody().get(&link(&ours, &id).await).await;
            assert_eq!(answer.text.lines().count(), 150_001);
            second.stop().await;
        })
        .await;
}

#[tokio::test]
async fn e1_links_expire_and_are_told_apart_by_who_opened_them() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.contacts(&group, 3).await;
            let (other, _) = ours.member_of("organization_admin", &[]).await;
            let id = done(&ours, json!({ "kind": "contacts" })).await;
            let path = ours.at(&format!("exports/{id}/links"));
            let first = link(&ours, &id).await;
            let second = text(&other.client.act(&path).await.ok()["path"]);
            for (link, times) in [(&first, 2), (&second, 1)] {
                for _ in 0..times {
                    let answer = world.nobody().get(link).await;
                    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
                }
            }
            let links = ours.admin.get(&path).await.ok();
            let told = |nth: usize| {
                let link = &links["items"][nth];
                (
                    text(&link["member_id"]),
                    link["opened"].as_i64().unwrap(),
                    link["openings"].as_array().unwrap().clone(),
                )
            };
            let (youngest, oldest) = (told(0), told(1));
            assert_eq!((youngest.0.as_str(), youngest.1, youngest.2.len()), (other.id.as_str(), 1, 1), "{links}");
            assert_eq!((oldest.1, oldest.2.len()), (2, 2), "{links}");
            assert_eq!(oldest.2[0]["client_address"], "127.0.0.1", "{links}");
            assert!(!links.to_string().contains(first.rsplit('/').next().unwrap()), "the secret is shown once");

            // A link of nothing, one of an admin that may do nothing any more, an expired one.
            world.nobody().get(&format!("/v1/downloads/muster_{}", "0".repeat(64))).await.problem(404, "not-found");
            ours.admin.act(&ours.at(&format!("members/{}/suspend", other.id))).await.ok();
            world.nobody().get(&second).await.problem(404, "not-found");
            assert_eq!(world.nobody().get(&first).await.status, 200);
            world.rows("export_link").backdate("expires_at", seconds(25 * 3_600)).await;
            world.nobody().get(&first).await.problem(404, "not-found");
            assert_eq!(world.rows("export_opening").count().await, 4, "refused ones are none");
            // Each is a read in the audit, by the admin that made the link (rule R9).
            let audit = ours.admin.get(&ours.at("audit?operation=get_download")).await.ok();
            let entries = audit["items"].as_array().unwrap();
            assert!(entries.len() == 4 && entries.iter().all(|entry| entry["records"][0]["id"] == id), "{audit}");
            assert_eq!(entries.iter().filter(|entry| entry["member_id"] == other.id).count(), 1, "{audit}");
        })
        .await;
}

#[tokio::test]
async fn e1_files_age_and_are_removed() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "export_file_days": 3, "export_link_hours": 2 })).await;
            let id = done(&ours, json!({ "kind": "contacts" })).await;
            let first = link(&ours, &id).await;
            let kept: bool = world.row(&format!("select to_json(file_until between now() + interval '71 h' and now() + interval '73 h') from export where id = '{id}'")).await;
            let lasts: bool = world.row("select to_json(expires_at between now() + interval '1 h' and now() + interval '3 h') from export_link").await;
            assert!(kept && lasts);
            world.rows("export").backdate("file_until", seconds(4 * 86_400)).await;
            world.nobody().get(&first).await.problem(404, "not-found");
            sweep(&world).await;
            let export = get(&ours, &id).await;
            assert_eq!((&export["state"], &export["file_end"]), (&json!("succeeded"), &json!("aged")), "{export}");
            ours.admin.act(&ours.at(&format!("exports/{id}/links"))).await.problem(409, "conflict");
            world.rows("export").backdate("file_ended_at", seconds(3_600)).await;
            sweep(&world).await;
            assert_eq!(objects(&world), Vec::<PathBuf>::new());
            world.rows("export").has("objects_removed_at").until(1).await;

            // One without work is ended.
            world.pause_jobs("export").await;
            let lost = text(&ask(&ours, json!({ "kind": "contacts" })).await.ok()["id"]);
            world.rows("export").id(&lost).backdate("created_at", seconds(3_600)).await;
            sweep(&world).await;
            assert_eq!(get(&ours, &lost).await["state"], "waiting", "its work waits");
            world.execute(&["update job set state = 'cancelled', finished_at = now() where kind = 'export' and state <> 'succeeded'"]).await;
            sweep(&world).await;
            let export = get(&ours, &lost).await;
            assert_eq!((&export["state"], &export["failure"]), (&json!("failed"), &json!("given_up")), "{export}");
        })
        .await;
}

#[tokio::test]
async fn r3_a_redaction_ends_the_files_that_were_written_before() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let stranger = world.organization("Stranger").await;
            let group = ours.group("One").await;
            ours.contacts(&group, 3).await;
            let by_name =
                json!({ "kind": "contacts", "contacts": { "name": "Ada0" }, "columns": ["first_name", "field:Ada0"] });
            let id = done(&ours, by_name).await;
            let theirs = done(&stranger, json!({ "kind": "contacts" })).await;
            let (path, their_path) = (link(&ours, &id).await, link(&stranger, &theirs).await);
            assert!(world.nobody().get(&path).await.text.contains("Ada0"));

            redact(&world, &ours, "+16465550000").await;
            world.nobody().get(&path).await.problem(404, "not-found");
            let export = get(&ours, &id).await;
            assert_eq!(export["file_end"], "redaction", "{export}");
            assert!(!export.to_string().contains("Ada0"), "{export}");
            assert_eq!(objects(&world).len(), 1, "the stranger's alone is left");
            assert_eq!(world.nobody().get(&their_path).await.status, 200);
            let after = file(&world, &ours, json!({ "kind": "contacts" })).await;
            assert!(!after.contains("Ada0") && after.contains("\"redacted\"") && after.contains("Ada1"), "{after}");
        })
        .await;
}

/// A file that a worker is writing while somebody is redacted is never served.
#[tokio::test]
async fn r3_a_file_that_is_under_way_is_begun_again_after_a_redaction() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.contacts(&group, 3).await;
            world.pause_jobs("export").await;
            let id = text(&ask(&ours, json!({ "kind": "contacts" })).await.ok()["id"]);
            let organization = OrganizationId(ours.id.parse().unwrap());
            let export_id = ExportId(id.parse().unwrap());
            // Another worker has begun, and read the records.
            let mut tx = world.pool().begin().await.unwrap();
            let entry = exports::lock(&mut tx, organization, export_id).await.unwrap().unwrap();
            let begun = exports::begin(&mut tx, &entry).await.unwrap().unwrap();
            tx.commit().await.unwrap();
            redact(&world, &ours, "+16465550000").await;
            let progress = Progress { rows: 3, bytes: 3, expected: None };
            assert!(!exports::record_progress(world.pool(), export_id, begun.attempt, progress).await.unwrap());
            let mut tx = world.pool().begin().await.unwrap();
            let entry = exports::lock(&mut tx, organization, export_id).await.unwrap().unwrap();
            assert!(!exports::finish(&mut tx, &entry, begun.attempt, progress, 7).await.unwrap());
            tx.rollback().await.unwrap();
            world.execute(&["delete from job_policy"]).await;
            let export: Value = over(&ours, &id).await;
            assert_eq!(export["state"], "succeeded", "{export}");
            let answer = world.nobody().get(&link(&ours, &id).await).await;
            assert!(!answer.text.contains("Ada0") && answer.text.contains("redacted"), "{}", answer.text);
        })
        .await;
}

#[tokio::test]
async fn a5_an_export_ends_with_the_rights_of_its_admin() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.contacts(&group, 3).await;
            let (admin, _) = ours.member_of("group_admin", &[&group]).await;
            world.pause_jobs("export").await;
            let asked = admin.client.post(&ours.at("exports"), json!({ "kind": "contacts" })).await.ok();
            ours.admin.act(&ours.at(&format!("members/{}/suspend", admin.id))).await.ok();
            world.execute(&["delete from job_policy"]).await;
            let export = over(&ours, &text(&asked["id"])).await;
            assert_eq!(
                (&export["state"], &export["failure"]),
                (&json!("failed"), &json!("not_allowed_any_more")),
                "{export}"
            );
            assert_eq!(objects(&world), Vec::<PathBuf>::new());
        })
        .await;
}
