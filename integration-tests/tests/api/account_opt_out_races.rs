//! Words to organizations of an account at the same time (rules I3, I3a and S9).

use std::collections::BTreeMap;

use futures::future::join_all;
use muster_integration_tests::{Dice, Organization, World, text};
use serde_json::{Value, json};

use crate::account_opt_outs::Sisters;

/// Asserts that all contacts of a number stand alike, as the account's word says; returns whether
/// they have opted out.
async fn alike(world: &World, phone: &str) -> bool {
    let stand: Vec<(bool, Option<i64>)> = world
        .row(&format!(
            "select json_agg(json_build_array(out, word)) from (
                 select opted_out_at is not null as out, last_word as word from contact where e164 = '{phone}'
                 union select opted_out_at is not null, last_word from account_word where e164 = '{phone}') stand"
        ))
        .await;
    assert_eq!(stand.len(), 1, "{phone}: {stand:?}");
    stand[0].0
}

#[tokio::test]
async fn i3a_words_to_two_organizations_at_the_same_time_end_alike_with_the_latest() {
    World::with_engine()
        .run(async |world| {
            let sisters = Sisters::open(world).await;
            let Sisters { world, one, two } = &sisters;
            sisters.share(true).await;
            let mut dice = Dice::new(17);
            let mut texts = Vec::new();
            for nth in 0..20 {
                let phone = format!("+1646555{nth:04}");
                for house in [one, two] {
                    world.plant_contact_in(&house.ours.id, &house.group, &phone).await;
                }
                for which in 0..6 {
                    let house = *dice.one_of(&mut [one, two]);
                    let body = *dice.one_of(&mut ["STOP", "START", "Hello", "unsubscribe"]);
                    texts.push((format!("SM{nth}-{which}"), phone.clone(), house.number.clone(), body));
                }
            }
            // In any order, many at a time.
            for index in (1..texts.len()).rev() {
                let other = dice.between(0, index as u64 + 1);
                texts.swap(index, usize::try_from(other).unwrap());
            }
            for some in texts.chunks(12) {
                let said = some.iter().map(|(sid, from, to, body)| world.text_as(sid, from, to, body));
                for answer in join_all(said).await {
                    assert_eq!(answer.status, 204, "{}", answer.text);
                }
            }
            world.webhooks().lacks("processed_at").until(0).await;
            world.settled().await;
            let order: BTreeMap<String, i64> =
                world.row("select json_object_agg(carrier_sid, receive_order) from webhook").await;
            let mut last: BTreeMap<&str, (i64, &str)> = BTreeMap::new();
            for (sid, phone, _, body) in texts.iter().filter(|(.., body)| *body != "Hello") {
                let latest = last.entry(phone).or_default();
                *latest = (*latest).max((order[sid], body));
            }
            for (phone, (_, body)) in last {
                assert_eq!(alike(world, phone).await, body != "START", "{phone}");
            }
            assert_eq!(world.jobs().state("parked").count().await, 0);
        })
        .await;
}

/// Words of all kinds, about many people at once, in two organizations.
#[tokio::test]
async fn i3_files_bulk_changes_and_texts_of_the_same_people_never_wait_for_one_another_in_a_circle() {
    World::with_engine()
        .run(async |world| {
            let sisters = Sisters::open(world).await;
            let Sisters { world, one, two } = &sisters;
            sisters.share(true).await;
            let phones: Vec<String> = (0..120).map(|nth| format!("+1646555{nth:04}")).collect();
            for house in [one, two] {
                let rows: Vec<String> = phones.iter().map(|phone| format!("A,L,{phone}\n")).collect();
                let rows = rows.concat();
                let query = format!("file_name=a.csv&group_id={}", house.group);
                house.ours.import(&query, format!("first,last,phone\n{rows}")).await;
            }
            // Files in opposite orders that state everybody's opt-out, and a bulk change in each.
            let stated = |order: Vec<&String>| {
                let rows: Vec<String> = order.into_iter().map(|phone| format!("A,L,{phone},yes\n")).collect();
                let rows = rows.concat();
                format!("first,last,phone,opt_out\n{rows}")
            };
            let bulk = async |ours: &Organization| {
                let body = json!({ "filter": { "name": "A L" }, "action": "opt_out", "reason": "by phone" });
                ours.admin.post(&ours.at("bulk-changes"), body).await.ok()
            };
            let file = async |ours: &Organization, group: &str, file: String| -> Value {
                ours.import(&format!("file_name=b.csv&group_id={group}"), file).await
            };
            let said = phones.iter().step_by(3).map(|phone| world.text(phone, &two.number, "STOP"));
            let (first, second, ..) = tokio::join!(
                file(&one.ours, &one.group, stated(phones.iter().collect())),
                file(&two.ours, &two.group, stated(phones.iter().rev().collect())),
                bulk(&one.ours),
                bulk(&two.ours),
                join_all(said),
            );
            for report in [first, second] {
                assert_eq!(report["state"], "succeeded", "{report}");
            }
            world.settled().await;
            for phone in &phones {
                assert!(alike(world, phone).await, "{phone}");
            }
            let failed = world.jobs().and("errors <> '[]'");
            assert_eq!(failed.count().await, 0, "{:?}", failed.list::<Vec<Value>>("errors", "id").await);
        })
        .await;
}

/// An import in one organization while the people in it opt out of the other.
#[tokio::test]
async fn i3_an_opt_out_that_comes_in_while_a_sister_organization_imports_the_number_is_not_lost() {
    World::with_engine()
        .run(async |world| {
            let sisters = Sisters::open(world).await;
            let Sisters { world, one, two } = &sisters;
            sisters.share(true).await;
            let phones: Vec<String> = (0..60).map(|nth| format!("+1646555{nth:04}")).collect();
            for phone in &phones {
                world.plant_contact_in(&one.ours.id, &one.group, phone).await;
            }
            for (round, phones) in phones.chunks(20).enumerate() {
                let rows: Vec<String> = phones.iter().map(|phone| format!("A,L,{phone}\n")).collect();
                let rows = rows.concat();
                let query = format!("file_name=r{round}.csv&group_id={}", two.group);
                let upload = two.ours.upload(&query, format!("first,last,phone\n{rows}")).await.ok();
                // Until the answer of each, as the import goes on.
                for phone in phones.iter().step_by(2) {
                    world.text(phone, &one.number, "STOP").await;
                    let theirs = world.contacts().is("organization_id", &two.ours.id).is("e164", phone);
                    assert_eq!(theirs.lacks("opted_out_at").count().await, 0, "{phone}");
                }
                assert_eq!(two.ours.report(&text(&upload["id"])).await["state"], "succeeded");
            }
            for (nth, phone) in phones.iter().enumerate() {
                let theirs = world.contacts().is("organization_id", &two.ours.id).is("e164", phone);
                assert_eq!(theirs.has("opted_out_at").count().await, i64::from(nth % 2 == 0), "{phone}");
            }
            // The lock itself: a row that is being imported makes the word wait, and is told it.
            let late = "+16465550900";
            world.plant_contact_in(&one.ours.id, &one.group, late).await;
            let gate = world.hold_writes("membership").await;
            let query = format!("file_name=l.csv&group_id={}", two.group);
            let upload = two.ours.upload(&query, format!("first,last,phone\nA,L,{late}\n")).await.ok();
            world.until_locked("insert into membership").await;
            let stop = async {
                world.text(late, &one.number, "STOP").await;
                let theirs = world.contacts().is("organization_id", &two.ours.id).is("e164", late);
                assert_eq!(theirs.has("opted_out_at").count().await, 1);
            };
            let open = async {
                world.until_locked("insert into account_word").await;
                gate.open().await;
            };
            tokio::join!(stop, open);
            assert_eq!(two.ours.report(&text(&upload["id"])).await["created"], 1);
        })
        .await;
}
