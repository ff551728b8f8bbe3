//! Searches over conversations have a bounded cost, find all, and find nothing that is erased
//! (rules W7, W9 and R3).

use muster_integration_tests::{CONFIRMATION, World, text};
use serde_json::json;

use crate::{
    conversations::{listed, thread_of},
    held_threads::Desk,
};

#[tokio::test]
async fn w7_a_search_looks_at_so_many_conversations_a_page_and_goes_on_behind_them() {
    World::with_api()
        .run(async |world| {
            let desk = Desk::open(world).await;
            // 2,500 conversations with a text each; the oldest one alone has the word.
            desk.world
                .execute(&[&format!(
                    "with made as (
                         insert into contact (id, organization_id, e164, source)
                         select uuid_v7(), '{organization}', '+1646555' || lpad(n::text, 4, '0'), 'api' from generate_series(0, 2499) n
                         returning id, organization_id
                     ), member as (
                         insert into membership (group_id, contact_id) select '{group}', id from made
                     ), talk as (
                         insert into thread (id, organization_id, group_id, contact_id, sender_e164, agent_id)
                         select id, organization_id, '{group}', id, '{number}', '{agent}' from made
                         returning id, organization_id, contact_id
                     )
                     insert into message (id, organization_id, group_id, contact_id, thread_id, kind, state, body, encoding, segments)
                     select uuid_v7(), organization_id, '{group}', contact_id, id, 'inbound', 'received', 'Good evening', 'GSM-7', 1 from talk",
                    organization = desk.ours.id,
                    group = desk.group,
                    number = desk.number,
                    agent = desk.first.id,
                )])
                .await;
            let oldest = "(select id from thread order by recency limit 1)";
            desk.world
                .execute(&[&format!("update message set body = 'Two leaflets' where thread_id = {oldest}")])
                .await;
            let oldest: String = desk.world.row(&format!("select to_jsonb({oldest})")).await;
            for (client, path) in [
                (&desk.first.client, "/v1/agent/threads".to_owned()),
                (&desk.ours.admin, desk.ours.at("conversations")),
            ] {
                let (mut found, mut pages, mut cursor) = (Vec::new(), 0, String::new());
                loop {
                    let page = client.get(&format!("{path}?search=leaflets{cursor}")).await.ok();
                    pages += 1;
                    found.extend(page["items"].as_array().unwrap().iter().map(|thread| text(&thread["id"])));
                    let Some(next) = page["next"].as_str() else { break };
                    cursor = format!("&cursor={next}");
                }
                assert_eq!((pages, found.as_slice()), (3, std::slice::from_ref(&oldest)), "{path}");
            }
        })
        .await;
}

#[tokio::test]
async fn r3_nothing_of_a_redacted_person_is_found() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let file = "first,last,phone\nGrace,Hopper,6465550000\n";
            desk.ours.import(&format!("file_name=c.csv&group_id={}", desk.group), file).await;
            let phones = desk.written_to_by(1).await;
            let thread = thread_of(&desk.world, &phones[0]).await;
            for search in ["hello", "hopper", "5550000"] {
                assert_eq!(listed(&desk.first.client, &format!("&search={search}")).await, [thread.clone()]);
            }
            let erase = json!({ "phone": phones[0], "confirmation": CONFIRMATION });
            let id = text(&desk.ours.admin.post("/v1/redactions", erase).await.ok()["id"]);
            desk.world.redactions().id(&id).has("finished_at").until(1).await;
            assert!(listed(&desk.first.client, "").await.is_empty());
            let path = desk.ours.at("conversations");
            for search in ["hello", "hopper", "5550000"] {
                let page = desk.ours.admin.get(&format!("{path}?search={search}")).await.ok();
                assert_eq!(page["items"], json!([]), "{search}");
            }
        })
        .await;
}
