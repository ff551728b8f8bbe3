//! Bulk changes: one action on all contacts that match a filter (rules A2, C16, J7 and R1).

use muster_domain::ids::{BulkChangeId, OrganizationId};
use muster_integration_tests::{Answer, Organization, World, eventually, seconds, set, text};
use muster_jobs::kinds::BulkChange;
use muster_storage::engine::enqueue::{Origin, enqueue};
use serde_json::{Value, json};

use crate::{people_save::save, people_search::found};

pub(crate) async fn ask(by: &Organization, body: Value) -> Answer {
    by.admin.post(&by.at("bulk-changes"), body).await
}

pub(crate) async fn get(by: &Organization, id: &str) -> Value {
    by.admin.get(&by.at(&format!("bulk-changes/{id}"))).await.ok()
}

/// Waits until a bulk change is over; returns it.
pub(crate) async fn over(by: &Organization, id: &str) -> Value {
    eventually(seconds(40), async || {
        let change = get(by, id).await;
        if matches!(change["state"].as_str(), Some("waiting" | "running")) {
            Err(change.to_string())
        } else {
            Ok(change)
        }
    })
    .await
}

/// Asks for a bulk change and waits for its end.
pub(crate) async fn done(by: &Organization, body: Value) -> Value {
    let asked = ask(by, body).await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    over(by, &text(&asked.ok()["id"])).await
}

/// A group with so many contacts, `Ada0`, `Ada1`, …, and their ids.
pub(crate) async fn group_of(ours: &Organization, contacts: usize) -> (String, Vec<String>) {
    let group = ours.group("One").await;
    ours.contacts(&group, contacts).await;
    let page = ours.admin.get(&ours.at(&format!("contacts?limit=500&group_id={group}"))).await.ok();
    let mut people: Vec<_> =
        page["items"].as_array().unwrap().iter().map(|one| (text(&one["phone"]), text(&one["id"]))).collect();
    people.sort();
    (group, people.into_iter().map(|(_, id)| id).collect())
}

#[tokio::test]
async fn c16_each_action_changes_the_contacts_that_match_and_says_their_outcomes() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, ids) = group_of(&ours, 5).await;
            let other = ours.group("Two").await;
            let (agent, _) = ours.agent(&group).await;
            let some = json!({ "contact_ids": ids[..3] });
            let act = async |more: Value| {
                let mut body = some.clone();
                set(&mut body, more);
                let change = done(&ours, body).await;
                assert_eq!(
                    (&change["state"], &change["contacts"], &change["done"]),
                    (&json!("succeeded"), &json!(3), &json!(3)),
                    "{change}"
                );
                change["outcomes"].clone()
            };
            let all = json!({ "changed": 3 });
            assert_eq!(act(json!({ "action": "tag", "tag": "vip" })).await, all);
            assert_eq!(act(json!({ "action": "tag", "tag": "vip" })).await, json!({ "unchanged": 3 }));
            assert_eq!(found(&ours, "tag=vip").await.len(), 3);
            assert_eq!(act(json!({ "action": "untag", "tag": "vip" })).await, all);
            assert_eq!(act(json!({ "action": "untag", "tag": "never seen" })).await, json!({ "unchanged": 3 }));
            assert_eq!(found(&ours, "tag=vip").await.len(), 0);
            assert_eq!(act(json!({ "action": "assign", "group_id": group, "agent_id": agent.id })).await, all);
            assert_eq!(found(&ours, &format!("assigned_agent_id={}", agent.id)).await.len(), 3);
            assert_eq!(act(json!({ "action": "unassign", "group_id": group })).await, all);
            assert_eq!(found(&ours, "assigned=true").await.len(), 0);
            assert_eq!(act(json!({ "action": "deactivate", "group_id": group })).await, all);
            assert_eq!(found(&ours, "status=deactivated").await.len(), 3);
            assert_eq!(act(json!({ "action": "reactivate", "group_id": group })).await, all);
            assert_eq!(act(json!({ "action": "deactivate", "group_id": other })).await, json!({ "not_in_group": 3 }));
            assert_eq!(act(json!({ "action": "add_to_group", "group_id": other })).await, all);
            assert_eq!(act(json!({ "action": "add_to_group", "group_id": other })).await, json!({ "unchanged": 3 }));
            assert_eq!(found(&ours, &format!("group_id={other}")).await.len(), 3);
            assert_eq!(act(json!({ "action": "remove_from_group", "group_id": other })).await, all);
            assert_eq!(
                act(json!({ "action": "remove_from_group", "group_id": other })).await,
                json!({ "not_in_group": 3 })
            );
            assert_eq!(act(json!({ "action": "opt_out", "reason": "a list" })).await, all);
            assert_eq!(act(json!({ "action": "opt_out", "reason": "a list" })).await, json!({ "unchanged": 3 }));
            assert_eq!(found(&ours, "status=opted_out").await.len(), 3);
            let contact = ours.admin.get(&ours.at(&format!("contacts/{}", ids[0]))).await.ok();
            assert_eq!(contact["opt_out_reason"], "a list");
        })
        .await;
}

#[tokio::test]
async fn c16_a_dry_run_counts_and_does_nothing_and_a_change_says_the_count_first() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, ids) = group_of(&ours, 4).await;
            let filter = json!({ "group_id": group, "name": "ada" });
            world.settled().await;
            let before = world.contents().await;
            let dry = json!({ "filter": filter, "action": "tag", "tag": "new", "dry_run": true });
            assert_eq!(ask(&ours, dry).await.ok(), json!({ "id": null, "contacts": 4 }));
            let dry = json!({ "filter": filter, "contact_ids": ids[..2], "action": "opt_out", "reason": "r", "dry_run": true });
            assert_eq!(ask(&ours, dry).await.ok(), json!({ "id": null, "contacts": 2 }));
            assert_eq!(world.contents().await, before);
            let asked = ask(&ours, json!({ "filter": filter, "action": "tag", "tag": "new" })).await.ok();
            assert_eq!(asked["contacts"], 4);
            let change = over(&ours, &text(&asked["id"])).await;
            assert_eq!((&change["filter"], &change["action"]), (&filter, &json!({ "action": "tag", "tag": "new" })));
            let list = ours.admin.get(&ours.at("bulk-changes")).await.ok();
            assert_eq!(list["items"], json!([change]));
        })
        .await;
}

#[tokio::test]
async fn c16_a_change_without_a_condition_or_with_the_wrong_members_is_refused() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let theirs = world.organization("Theirs").await;
            let (group, their_group) = (ours.group("One").await, theirs.group("Two").await);
            let filter = json!({ "group_id": group });
            let before = world.contents().await;
            for body in [
                json!({ "action": "tag", "tag": "x" }),
                json!({ "filter": {}, "action": "tag", "tag": "x" }),
                json!({ "filter": filter, "action": "tag" }),
                json!({ "filter": filter, "action": "tag", "tag": "x", "group_id": group }),
                json!({ "filter": filter, "action": "assign", "group_id": group }),
                json!({ "filter": filter, "action": "opt_out" }),
                json!({ "filter": filter, "action": "delete" }),
                json!({ "filter": { "phone": "12" }, "action": "tag", "tag": "x" }),
                json!({ "filter": { "nmae": "x" }, "action": "tag", "tag": "x" }),
                json!({ "contact_ids": [], "action": "tag", "tag": "x" }),
            ] {
                ask(&ours, body).await.problem(422, "invalid-body");
            }
            for body in [
                json!({ "filter": { "group_id": their_group }, "action": "tag", "tag": "x" }),
                json!({ "filter": filter, "action": "deactivate", "group_id": their_group }),
                json!({ "filter": filter, "action": "assign", "group_id": group, "agent_id": group }),
            ] {
                ask(&ours, body).await.problem(404, "not-found");
            }
            assert_eq!(world.contents().await, before);
        })
        .await;
}

/// The set is frozen once: later contacts are not in it, and those that match no more are.
#[tokio::test]
async fn c16_the_set_is_frozen_once_and_worked_through_by_job_after_job() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, ids) = group_of(&ours, 450).await;
            // Slices of 200: one stops in its middle, when the set is frozen.
            let gate = world.hold_writes("contact_tag").await;
            let asked =
                ask(&ours, json!({ "filter": { "group_id": group }, "action": "tag", "tag": "vip" })).await.ok();
            let id = text(&asked["id"]);
            world.until_locked("into contact_tag").await;
            let change = get(&ours, &id).await;
            assert_eq!(
                (&change["state"], &change["contacts"], &change["done"]),
                (&json!("running"), &json!(450), &json!(0)),
                "{change}"
            );
            save(&ours, &group, "+16465559001", json!({})).await.ok();
            gate.open().await;
            let change = over(&ours, &id).await;
            assert_eq!(
                (&change["state"], &change["outcomes"]),
                (&json!("succeeded"), &json!({ "changed": 450 })),
                "{change}"
            );
            assert_eq!(world.rows("contact_tag").count().await, 450);
            assert_eq!(world.rows("bulk_change_contact").count().await, 0);

            // An action that ends its own condition reaches all of the set.
            let gone = done(&ours, json!({ "filter": { "tag": "vip" }, "action": "untag", "tag": "vip" })).await;
            assert_eq!(gone["outcomes"], json!({ "changed": 450 }), "{gone}");
            assert_eq!(ids.len(), 450);
        })
        .await;
}

/// A worker that dies, or runs a job twice, does each contact once.
#[tokio::test]
async fn j7_a_bulk_change_goes_on_after_its_worker_has_died() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, _) = group_of(&ours, 450).await;
            world.pause_jobs("bulk-change").await;
            let asked = ask(&ours, json!({ "filter": { "group_id": group }, "action": "tag", "tag": "vip" })).await.ok();
            let id = text(&asked["id"]);
            // The second slice fails: the first one's effects and counts are there, its own are
            // not.
            world
                .execute(&[
                    "create or replace function fail_once() returns trigger language plpgsql as $$
                     begin
                         if (select done from bulk_change) = 200 and not exists (select from job where kind = 'bulk-change' and attempt > 1) then
                             raise exception 'the worker dies here';
                         end if;
                         return null;
                     end $$",
                    "create trigger fail_once after insert on contact_tag for each statement execute function fail_once()",
                ])
                .await;
            world.job_policies().kind("bulk-change").delete().await;
            let change = over(&ours, &id).await;
            assert_eq!((&change["state"], &change["done"]), (&json!("succeeded"), &json!(450)), "{change}");
            assert_eq!(change["outcomes"], json!({ "changed": 450 }), "each contact is counted once");
            assert_eq!(world.rows("contact_tag").count().await, 450);
            assert!(world.count("job where kind = 'bulk-change' and attempt > 1").await > 0, "it did fail");
            // The same job again does nothing.
            let before = get(&ours, &id).await;
            let origin = Origin { organization_id: Some(OrganizationId(ours.id.parse().unwrap())), traceparent: None };
            let mut tx = world.pool().begin().await.unwrap();
            let job = BulkChange { bulk_change_id: BulkChangeId(id.parse().unwrap()) };
            enqueue(&mut tx, &job, &origin).await.unwrap();
            tx.commit().await.unwrap();
            world.settled().await;
            assert_eq!(get(&ours, &id).await, before);
        })
        .await;
}

#[tokio::test]
async fn c16_a_cancelled_change_changes_no_more_and_keeps_what_it_did() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, _) = group_of(&ours, 450).await;
            // The second slice stands before the lock.
            world
                .execute(&[
                    "create or replace function wait_here() returns trigger language plpgsql as $$
                     begin
                         if (select done from bulk_change) = 200 then perform pg_advisory_xact_lock_shared(77); end if;
                         if (select done from bulk_change) = 400 then raise exception 'the cancel comes first'; end if;
                         return null;
                     end $$",
                    "create trigger wait_here after insert on contact_tag for each statement execute function wait_here()",
                ])
                .await;
            let gate = world.hold("select pg_advisory_xact_lock(77)").await;
            let asked = ask(&ours, json!({ "filter": { "group_id": group }, "action": "tag", "tag": "vip" })).await.ok();
            let id = text(&asked["id"]);
            let path = ours.at(&format!("bulk-changes/{id}/cancel"));
            world.until_locked("into contact_tag").await;
            // It waits for the slice in hand.
            let (answer, ()) = tokio::join!(ours.admin.act(&path), async {
                world.until_locked("from bulk_change").await;
                gate.open().await;
            });
            let change = answer.ok();
            // The next slice fails until the cancel is there.
            assert_eq!(change["state"], "cancelled", "{change}");
            let done = change["done"].as_i64().unwrap();
            assert_eq!(done, 400, "{change}");
            world.settled().await;
            assert_eq!(get(&ours, &id).await, change);
            assert_eq!(world.rows("contact_tag").count().await, done);
            assert_eq!(world.rows("bulk_change_contact").count().await, 0);
            ours.admin.act(&path).await.problem(409, "conflict");

            // Before its first job, nothing at all is done.
            world.pause_jobs("bulk-change").await;
            let untag = json!({ "filter": { "group_id": group }, "action": "untag", "tag": "vip" });
            let id = text(&ask(&ours, untag).await.ok()["id"]);
            ours.admin.act(&ours.at(&format!("bulk-changes/{id}/cancel"))).await.ok();
            world.job_policies().kind("bulk-change").delete().await;
            world.settled().await;
            let change = get(&ours, &id).await;
            assert_eq!((&change["state"], &change["done"]), (&json!("cancelled"), &json!(0)), "{change}");
            assert_eq!(world.rows("contact_tag").count().await, done);
        })
        .await;
}

#[tokio::test]
async fn a2_a_bulk_change_fills_groups_and_agents_to_their_limits_and_no_further() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, ids) = group_of(&ours, 6).await;
            let other = ours.group("Two").await;
            let (agent, _) = ours.agent(&group).await;
            ours.set(json!({ "group_contact_limit": 4, "agent_contact_limit": 2 })).await;
            save(&ours, &other, "+16465559001", json!({})).await.ok();
            let change = done(&ours, json!({ "contact_ids": ids, "action": "add_to_group", "group_id": other })).await;
            assert_eq!(change["outcomes"], json!({ "changed": 3, "group_full": 3 }), "{change}");
            let assign = json!({ "contact_ids": ids, "action": "assign", "group_id": group, "agent_id": agent.id });
            assert_eq!(done(&ours, assign.clone()).await["outcomes"], json!({ "changed": 2, "agent_full": 4 }));
            assert_eq!(done(&ours, assign).await["outcomes"], json!({ "unchanged": 2, "agent_full": 4 }));
            assert_eq!(world.memberships().is("group_id", &other).count().await, 4);
        })
        .await;
}

/// Bulk changes of one organization that are not over are bounded.
#[tokio::test]
async fn c16_more_bulk_changes_than_may_wait_are_refused() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let body = json!({ "filter": { "group_id": group }, "action": "tag", "tag": "x" });
            let first = ask(&ours, body.clone()).await.ok();
            for _ in 1..20 {
                assert_eq!(ask(&ours, body.clone()).await.status, 202);
            }
            ask(&ours, body.clone()).await.problem(409, "conflict");
            ours.admin.act(&ours.at(&format!("bulk-changes/{}/cancel", text(&first["id"])))).await.ok();
            assert_eq!(ask(&ours, body).await.status, 202);
        })
        .await;
}
