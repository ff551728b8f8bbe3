//! Retention: people that were not in touch, old texts, files and addresses leave (rules A5, R4, R5
//! and R7).

use chrono::TimeDelta;
use muster_domain::{
    ids::{AccountId, ContactId, ImportId, OrganizationId},
    people::phone_hash::PhoneHashKeys,
};
use muster_integration_tests::{Organization, World, seconds, text};
use muster_jobs::kinds::{Retention, Task, Upkeep};
use muster_storage::{
    engine::enqueue::{Origin, enqueue},
    people::redactions,
    trust::{
        retention,
        tables::{Aged, OfImport, Table, named},
        treatment::Treatment,
    },
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    exports::{done, link},
    planted::{BY_HAND, PLACES, places, plant},
};

/// Has everything of an organization's happened so many days ago.
async fn age(world: &World, days: u32) {
    world
        .execute(&[
            &format!("update contact set created_at = created_at - interval '{days} days', updated_at = updated_at - interval '{days} days'"),
            &format!("update membership set added_at = added_at - interval '{days} days'"),
            &format!("update thread set last_message_at = last_message_at - interval '{days} days'"),
            &format!("update message set created_at = created_at - interval '{days} days'"),
            &format!("update import set finished_at = finished_at - interval '{days} days'"),
            &format!("update export_opening set at = at - interval '{days} days'"),
            &format!("update goal set opens_at = opens_at - interval '{days} days', closes_at = closes_at - interval '{days} days'"),
        ])
        .await;
}

/// Runs an organization's retention to its end; returns the report, if there is one.
async fn run(world: &World, by: &Organization) -> Value {
    let organization_id = OrganizationId(by.id.parse().unwrap());
    let mut tx = world.pool().begin().await.unwrap();
    let origin = Origin { organization_id: Some(organization_id), traceparent: None };
    enqueue(&mut tx, &Retention { organization_id }, &origin).await.unwrap();
    tx.commit().await.unwrap();
    world.settled().await;
    let runs = by.admin.get(&by.at("retention/runs")).await.ok();
    runs["items"][0].clone()
}

async fn preview(by: &Organization) -> Value {
    let steps = by.admin.get(&by.at("retention")).await.ok()["steps"].clone();
    let steps = steps.as_array().unwrap().iter().map(|step| (text(&step["step"]), step["would_leave"].clone()));
    steps.collect::<serde_json::Map<_, _>>().into()
}

/// An organization with two contacts, of which the first has opted out.
async fn full(world: &World) -> Organization {
    let ours = world.organization("Ours").await;
    let group = ours.group("One").await;
    let (agent, number) = ours.agent(&group).await;
    let file =
        "first,last,phone,email\nZebulon,Quagmire,6465550001,zq@example.org\nAda,Lovelace,6465550002,\nBad,Row,12,\n";
    ours.import(&format!("file_name=c.csv&group_id={group}"), file).await;
    let goal = ours.open_goal(world, &group, json!({})).await;
    let batch = agent.client.claim(&goal, "initial").await;
    agent.client.send(&batch).await.ok();
    world.messages().kind("initial").state("delivered").until(2).await;
    world.text("+16465550001", &number, "STOP says Zebulon").await;
    world.text("+16465550001", &number, "STOP").await;
    world.messages().kind("opt_out_confirmation").state("delivered").until(1).await;
    world.settled().await;
    ours
}

#[tokio::test]
async fn r7_nothing_leaves_unless_the_organization_says_a_time() {
    World::with_engine()
        .run(async |world| {
            let ours = full(&world).await;
            age(&world, 10_000).await;
            let before = world.contents().await;
            assert_eq!(run(&world, &ours).await, Value::Null);
            let id = world.enqueue(&Upkeep { task: Task::Retention }).await;
            world.until_state(id, "succeeded", seconds(20)).await;
            world.settled().await;
            let after = world.contents().await;
            for table in ["contact", "message", "import", "import_reject", "retention_run"] {
                assert_eq!(after[table], before[table], "{table}");
            }
        })
        .await;
}

#[tokio::test]
async fn r7_people_who_were_not_in_touch_are_redacted_and_their_opt_outs_stay() {
    World::with_engine()
        .run(async |world| {
            let ours = full(&world).await;
            ours.set(json!({ "retention_contact_days": 30 })).await;
            assert_eq!(preview(&ours).await["contacts"], 0);
            age(&world, 20).await;
            assert_eq!(preview(&ours).await["contacts"], 0, "20 days are fewer than 30");
            age(&world, 20).await;
            assert_eq!(preview(&ours).await["contacts"], 2);
            let people = ours.admin.get(&ours.at("retention/contacts?limit=1")).await.ok();
            assert_eq!((people["items"].as_array().unwrap().len(), people["next"].is_string()), (1, true), "{people}");

            let report = run(&world, &ours).await;
            assert_eq!((&report["step"], &report["counts"]["contacts"]), (&json!("done"), &json!(2)), "{report}");
            assert!(!report.to_string().contains("Zebulon"), "{report}");
            for table in ["contact", "membership", "message", "import_change"] {
                for needle in ["Zebulon", "Quagmire", "6465550001", "zq@example.org"] {
                    assert_eq!(
                        world.count(&format!("{table} t where t::text like '%{needle}%'")).await,
                        0,
                        "{needle} in {table}"
                    );
                }
            }
            assert_eq!(world.rows("contact").has("redacted_at").count().await, 2);
            // A file that brings the number back brings no right to text it.
            let group = ours.group("Two").await;
            ours.import(
                &format!("file_name=c.csv&group_id={group}"),
                "first,last,phone\nZ,Q,6465550001\nA,L,6465550002\n",
            )
            .await;
            assert!(ours.contact("+16465550001").await["opted_out_at"].is_string());
            assert!(ours.contact("+16465550002").await["opted_out_at"].is_null());
            assert_eq!(run(&world, &ours).await["counts"]["contacts"], Value::Null, "they have just come");
        })
        .await;
}

/// Each way of being in touch, and each thing that is under way, keeps a contact.
#[tokio::test]
async fn r7_people_in_touch_and_people_with_something_under_way_stay() {
    World::with_engine()
        .run(async |world| {
            let ours = full(&world).await;
            ours.set(json!({ "retention_contact_days": 30 })).await;
            age(&world, 40).await;
            let ada = text(&ours.contact("+16465550002").await["id"]);
            let leaves = async || preview(&ours).await["contacts"].as_i64().unwrap();
            assert_eq!(leaves().await, 2);
            for (touch, back) in [
                ("update contact set updated_at = now()", "update contact set updated_at = now() - interval '40 days'"),
                (
                    "update membership set added_at = now()",
                    "update membership set added_at = now() - interval '40 days'",
                ),
                (
                    "update thread set last_message_at = now()",
                    "update thread set last_message_at = now() - interval '40 days'",
                ),
                ("update message set created_at = now()", "update message set created_at = now() - interval '40 days'"),
                (
                    "update message set state = 'unknown' where kind = 'initial'",
                    "update message set state = 'delivered' where kind = 'initial'",
                ),
                (
                    "update goal set closes_at = now() + interval '1 day'",
                    "update goal set closes_at = now() - interval '1 day'",
                ),
            ] {
                world.execute(&[touch]).await;
                assert_eq!(leaves().await, 0, "{touch}");
                world.execute(&[back]).await;
                assert_eq!(leaves().await, 2, "{back}");
            }
            // In touch between the freeze of the set and their turn.
            let organization = OrganizationId(ours.id.parse().unwrap());
            let mut tx = world.pool().begin().await.unwrap();
            retention::begin(&mut tx, organization).await.unwrap();
            let begun = retention::lock_open(&mut tx, organization).await.unwrap().unwrap();
            let cutoff = begun.began_at - TimeDelta::days(30);
            retention::freeze(&mut tx, organization, &begun, cutoff).await.unwrap();
            tx.commit().await.unwrap();
            world.execute(&[&format!("update contact set updated_at = now() where id = '{ada}'")]).await;
            let report = run(&world, &ours).await;
            assert_eq!(report["left_alone"], 1, "{report}");
            assert_eq!(report["counts"]["contacts"], 1, "{report}");
        })
        .await;
}

#[tokio::test]
async fn r7_old_texts_files_and_addresses_leave_and_the_record_stays() {
    World::with_engine()
        .run(async |world| {
            let ours = full(&world).await;
            let export = done(&ours, json!({ "kind": "opt_outs" })).await;
            let path = link(&ours, &export).await;
            assert_eq!(world.nobody().get(&path).await.status, 200);
            let times = json!({ "retention_text_days": 30, "retention_import_days": 30, "retention_address_days": 30 });
            ours.set(times).await;
            age(&world, 40).await;
            world.execute(&["update message set state = 'queued' where id = (select id from message where kind = 'initial' order by id limit 1)"]).await;
            // A picture without a text is a text like others.
            let picture = "update message set body = '', media = '[{\"content_type\": \"image/png\", \"url\": \"https://example.org/1\"}]'
                 where id = (select id from message where kind = 'inbound' order by id limit 1)";
            world.execute(&[picture]).await;
            assert_eq!(preview(&ours).await, json!({ "contacts": 0, "texts": 4, "imports": 1, "addresses": 1 }));
            let messages = world.rows("message").count().await;
            let mut tx = world.pool().begin().await.unwrap();
            let (organization, cutoff) = (OrganizationId(ours.id.parse().unwrap()), tx.clock().await.unwrap());
            let without = Treatment::without("export_opening", "client_address");
            let forgotten = retention::forget_addresses(&mut tx, organization, cutoff, without).await.unwrap();
            assert_eq!(forgotten, 0, "the registry alone names the column");
            tx.rollback().await.unwrap();
            let report = run(&world, &ours).await;
            assert_eq!(report["counts"], json!({ "texts": 4, "imports": 1, "addresses": 1 }), "{report}");
            assert_eq!(world.rows("message").count().await, messages, "texts stay, without their bodies");
            assert_eq!(world.count("message where body <> ''").await, 1, "the queued one's alone is left");
            assert_eq!(world.count("message where media::text like '%example.org%'").await, 0);
            assert_eq!(world.rows("contact").has("redacted_at").count().await, 0);
            assert!(world.objects().is_empty(), "{:?}", world.objects());
            assert_eq!(world.rows("import_reject").count().await, 0);
            assert_eq!(world.count("export_opening where client_address <> ''").await, 0);
            let import: String = world.rows("import").the("id").await;
            let undo = ours.admin.act(&ours.at(&format!("imports/{import}/undo"))).await;
            undo.problem(409, "conflict");
            assert_eq!(preview(&ours).await, json!({ "contacts": 0, "texts": 0, "imports": 0, "addresses": 0 }));
        })
        .await;
}

/// A way in which rows of the registry's tables leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Contact,
    OldTexts,
    OldImports,
}

impl Way {
    fn takes(self, table: &Table) -> bool {
        match self {
            Self::Contact => matches!(table.aged, Aged::WithContact | Aged::Bodies),
            Self::OldTexts => table.aged == Aged::Bodies,
            Self::OldImports => table.of_import() == Some(OfImport::Leaves),
        }
    }
}

/// With the whole registry nothing of a planted person is left in the tables that age; without any
/// one column of them, something is, in that column, or the contact cannot be retired at all.
#[tokio::test]
async fn r7_without_any_one_column_of_the_registry_retention_leaves_the_planted_person() {
    World::with_engine()
        .run(async |world| {
            // One text is left that no worker has dealt with.
            plant(&world).await;
            world.execute(&BY_HAND).await;
            world.execute(&[PLACES]).await;
            // A test text is in its admin's conversation, and ages there.
            world.execute(&["update message set body = '' where kind = 'test'"]).await;
            let account: Uuid = world.row("select id from account").await;
            let contact: Uuid = world.row("select id from contact where e164 = '+16465550001'").await;
            let threads: Vec<Uuid> = world.row("select json_agg(id) from thread").await;
            // A consent that names somebody is on each contact of its file.
            world.execute(&[&format!("update contact set consent_text = null where id <> '{contact}'")]).await;
            let imports: Vec<Uuid> = world.row("select json_agg(id) from import").await;
            let left = async |way: Way, treatment: Treatment| {
                let mut tx = world.pool().begin().await.unwrap();
                let keys = PhoneHashKeys::new([7; 32], None);
                let done = match way {
                    Way::OldTexts => {
                        let cutoff = tx.clock().await.unwrap() + TimeDelta::days(1);
                        retention::erase_texts(&mut tx, &threads, cutoff, treatment).await.map(|_| ())
                    }
                    Way::Contact => {
                        let contacts = [ContactId(contact)];
                        redactions::retire(&mut tx, AccountId(account), &contacts, treatment, |number| keys.of(number))
                            .await
                    }
                    Way::OldImports => {
                        for id in &imports {
                            retention::forget_import(&mut tx, ImportId(*id), treatment).await.unwrap();
                        }
                        Ok(())
                    }
                };
                let places = match done {
                    Ok(()) => Some(places(&mut tx).await.unwrap()),
                    Err(_) => None,
                };
                tx.rollback().await.unwrap();
                places
            };
            for way in [Way::Contact, Way::OldTexts, Way::OldImports] {
                let columns: Vec<_> = Treatment::columns()
                    .filter(|(table, _)| named(table).is_some_and(|table| way.takes(table)))
                    .collect();
                assert!(columns.len() > 1, "{columns:?}");
                let place = |(table, column): &(&str, &str)| format!("{table}.{column}");
                let whole = left(way, Treatment::whole()).await.unwrap();
                let stay: Vec<_> = columns.iter().map(place).filter(|place| whole.contains(place)).collect();
                assert!(stay.is_empty(), "retention leaves {stay:?}");
                for column in &columns {
                    let without = left(way, Treatment::without(column.0, column.1)).await;
                    let found = without.is_none_or(|places| places.contains(&place(column)));
                    assert!(found, "the person is not found without {}", place(column));
                }
            }
        })
        .await;
}

#[tokio::test]
async fn r7_names_are_for_account_admins_alone() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let admin = ours.member("organization_admin").await.client;
            let (group_admin, _) = ours.member_of("group_admin", &[&ours.group("One").await]).await;
            for path in ["retention", "retention/contacts"] {
                admin.get(&ours.at(path)).await.problem(403, "forbidden");
            }
            assert_eq!(admin.get(&ours.at("retention/runs")).await.status, 200);
            group_admin.client.get(&ours.at("retention/runs")).await.problem(403, "forbidden");
        })
        .await;
}
