//! An agent's own conversations: listed, searched and read at any status (rules W9, G5 and I3).

use muster_integration_tests::{Client, World, minutes, now, text};
use serde_json::{Value, json};

use crate::{
    held_threads::{Desk, ids, reply},
    rates::send_all,
};

/// Returns the conversations that an agent lists, by the numbers of their contacts' order.
pub(crate) async fn listed(agent: &Client, query: &str) -> Vec<String> {
    let page = agent.get(&format!("/v1/agent/threads?limit=500{query}")).await.ok();
    page["items"].as_array().unwrap().iter().map(|thread| text(&thread["id"])).collect()
}

/// Returns the conversation of a contact with this number.
pub(crate) async fn thread_of(world: &World, phone: &str) -> String {
    let contact = format!("contact_id = (select id from contact where e164 = '{phone}')");
    world.threads().and(&contact).the("id").await
}

/// Returns the numbers of all contacts and their conversations, by recency.
async fn by_recency(desk: &Desk) -> (Vec<String>, Vec<String>) {
    let phones = "select json_agg(c.e164 order by t.recency) from thread t join contact c on c.id = t.contact_id";
    (desk.world.row(phones).await, desk.world.threads().list("id", "recency").await)
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

async fn threads_of(desk: &Desk, phones: &[String]) -> Vec<String> {
    let mut threads = Vec::new();
    for phone in phones {
        threads.push(thread_of(&desk.world, phone).await);
    }
    threads
}

fn read_path(thread: &str) -> String {
    format!("/v1/agent/threads/{thread}")
}

#[tokio::test]
async fn w9_an_agents_own_conversations_are_those_of_their_texts_their_contacts_and_their_claims() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let (third, _) = desk.ours.agent(&desk.group).await;
            desk.written_to_by(3).await;
            let (phones, threads) = by_recency(&desk).await;
            // They wrote to the first agent's number; the latest comes first.
            let latest_first: Vec<_> = threads.iter().rev().cloned().collect();
            assert_eq!(listed(&desk.first.client, "").await, latest_first);
            assert!(listed(&desk.second.client, "").await.is_empty());
            desk.second.client.get(&read_path(&threads[0])).await.problem(404, "not-found");

            // A contact of theirs, and a claim.
            desk.assign(&phones[0], json!(desk.second.id)).await;
            assert_eq!(listed(&desk.second.client, "").await, threads[..1]);
            assert_eq!(sorted(ids(&desk.claim(&third).await)), sorted(threads.clone()));
            assert_eq!(listed(&third.client, "").await, latest_first);
            desk.world.threads().set("held_until", now()).await;
            assert!(listed(&third.client, "").await.is_empty());
            desk.second.client.get(&read_path(&threads[0])).await.ok();
            third.client.get(&read_path(&threads[0])).await.problem(404, "not-found");

            // A text of theirs: from then on it is the second agent's, and no more the first's.
            assert_eq!(sorted(ids(&desk.claim(&desk.second).await)), sorted(threads.clone()));
            reply(&desk.second.client, &threads[1]).await.ok();
            desk.world.threads().set("held_until", now()).await;
            assert_eq!(listed(&desk.second.client, "").await, [threads[1].clone(), threads[0].clone()]);
            assert_eq!(listed(&desk.first.client, "").await, threads[2..]);

            // Another organization's agent, and one of another group, have none of it.
            let theirs = desk.world.organization("Theirs").await;
            let (stranger, _) = theirs.agent(&theirs.group("One").await).await;
            let (neighbour, _) = desk.ours.agent(&desk.ours.group("Two").await).await;
            for other in [&stranger, &neighbour] {
                assert!(listed(&other.client, "").await.is_empty());
                other.client.get(&read_path(&threads[0])).await.problem(404, "not-found");
                for act in ["done", "release", "extend", "opt-out", "opt-out/undo"] {
                    other.client.act(&format!("{}/{act}", read_path(&threads[0]))).await.problem(404, "not-found");
                }
            }
        })
        .await;
}

#[tokio::test]
async fn w9_pages_by_recency_have_each_conversation_once_though_texts_come_in_between() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            desk.written_to_by(5).await;
            let (phones, threads) = by_recency(&desk).await;
            let mut seen = Vec::new();
            let mut query = "limit=2".to_owned();
            loop {
                let page = desk.first.client.get(&format!("/v1/agent/threads?{query}")).await.ok();
                seen.extend(page["items"].as_array().unwrap().iter().map(|thread| text(&thread["id"])));
                if seen.len() == 2 {
                    // One that was seen, and one that was not, come to the front.
                    for (phone, texts) in [(&phones[4], 6), (&phones[0], 7)] {
                        desk.world.text(phone, &desk.number, "And now?").await;
                        desk.world.messages().kind("inbound").until(texts).await;
                        desk.world.settled().await;
                    }
                }
                let Some(next) = page["next"].as_str() else { break };
                query = format!("limit=2&cursor={next}");
            }
            // The moved one is on a first page now, and no other is left out or seen twice.
            assert_eq!(seen, [&threads[4], &threads[3], &threads[2], &threads[1]].map(Clone::clone));
            assert_eq!(listed(&desk.first.client, "").await[..2], [threads[0].clone(), threads[4].clone()]);
        })
        .await;
}

#[tokio::test]
async fn g5_conversations_are_read_at_any_status_and_written_in_where_it_allows() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.ours.contacts(&desk.group, 1).await;
            let goal = desk.ours.open_goal(&desk.world, &desk.group, json!({})).await;
            send_all(&desk.first.client, &goal).await;
            desk.world.messages().state("delivered").until(1).await;
            desk.world.text(&phones[0], &desk.number, "Who is this?").await;
            desk.unread(1).await;
            let thread = thread_of(&desk.world, &phones[0]).await;
            // A goal's moment, and whether a text may be written.
            let moved = async |opens: i64, closes: i64, paused: bool| {
                let set = format!(
                    "update goal set opens_at = now() + interval '{opens} min', closes_at = now() + interval '{closes} min',
                         opens_local = now() at time zone zone + interval '{opens} min',
                         closes_local = now() at time zone zone + interval '{closes} min',
                         paused_at = {} where id = '{goal}'",
                    if paused { "now()" } else { "null" }
                );
                desk.world.execute(&[&set]).await;
            };
            for (status, (opens, closes, paused), writes) in [
                ("active", (-10, 60, false), true),
                ("paused", (-10, 60, true), false),
                ("scheduled", (10, 60, false), true),
                ("completed", (-10, -5, false), true),
            ] {
                moved(opens, closes, paused).await;
                assert_eq!(listed(&desk.first.client, "").await, [thread.clone()], "{status}");
                let read = desk.first.client.get(&read_path(&thread)).await.ok();
                assert_eq!(read["messages"][1]["body"], "Who is this?", "{status}");
                let answer = reply(&desk.first.client, &thread).await;
                if writes {
                    answer.ok();
                } else {
                    answer.problem(409, "conflict");
                }
            }
        })
        .await;
}

#[tokio::test]
async fn i3_an_opt_out_hides_the_conversation_from_agents_and_not_from_review() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.written_to_by(2).await;
            let threads = threads_of(&desk, &phones).await;
            desk.world.text(&phones[0], &desk.number, "STOP").await;
            desk.world.threads().has("unread_since").until(1).await;
            desk.world.settled().await;
            assert_eq!(listed(&desk.first.client, "").await, threads[1..]);
            desk.first.client.get(&read_path(&threads[0])).await.problem(404, "not-found");
            reply(&desk.first.client, &threads[0]).await.problem(409, "conflict");
            let review = desk.ours.admin.get(&desk.ours.at("conversations")).await.ok();
            let hidden = review["items"].as_array().unwrap().iter().find(|thread| thread["id"] == threads[0].as_str());
            assert_eq!(hidden.unwrap()["opted_out"], true);
        })
        .await;
}

/// State, agent, segments, failure in plain words and pictures of each text.
#[tokio::test]
async fn w9_a_conversation_tells_of_each_text_how_it_went() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.ours.contacts(&desk.group, 1).await;
            let goal = desk.ours.open_goal(&desk.world, &desk.group, json!({})).await;
            send_all(&desk.first.client, &goal).await;
            desk.world.messages().state("delivered").until(1).await;
            let form = [
                ("MessageSid", "SM1"),
                ("From", phones[0].as_str()),
                ("To", desk.number.as_str()),
                ("Body", "Look"),
                ("NumMedia", "1"),
                ("MediaUrl0", "https://example.org/1"),
                ("MediaContentType0", "image/jpeg"),
            ];
            assert_eq!(desk.world.webhook("/v1/webhooks/twilio/inbound", &form).await.status, 204);
            desk.unread(1).await;
            let thread = thread_of(&desk.world, &phones[0]).await;
            for _ in 0..3 {
                reply(&desk.first.client, &thread).await.ok();
            }
            desk.world.messages().kind("reply").state("delivered").until(3).await;
            // A receipt may come before the hand-over is recorded, which would change them again.
            desk.world.settled().await;
            let changes = [
                "state = 'undelivered', error_code = 30006",
                "state = 'failed', error_code = 99999",
                "state = 'cancelled', reason = 'opted_out'",
            ];
            for (nth, change) in changes.iter().enumerate() {
                let one = format!("(select id from message where kind = 'reply' order by id offset {nth} limit 1)");
                desk.world.execute(&[&format!("update message set {change} where id = {one}")]).await;
            }
            let read = desk.first.client.get(&read_path(&thread)).await.ok();
            let texts = read["messages"].as_array().unwrap();
            let told = |nth: usize, member: &str| texts[nth][member].clone();
            assert_eq!((told(0, "kind"), told(0, "state")), (json!("initial"), json!("delivered")));
            assert_eq!((told(0, "agent_id"), told(0, "goal_id")), (json!(desk.first.id), json!(goal)));
            assert_eq!((told(0, "segments"), told(0, "failure")), (json!(1), Value::Null));
            assert!(told(0, "delivered_at").is_string(), "{}", texts[0]);
            assert_eq!((told(1, "kind"), told(1, "agent_id")), (json!("inbound"), Value::Null));
            let picture = json!({ "count": 1, "content_types": ["image/jpeg"], "urls": ["https://example.org/1"] });
            assert_eq!(told(1, "media"), picture);
            let failures: Vec<_> = (2..5).map(|nth| told(nth, "failure")).collect();
            let wanted = [
                "the carrier could not deliver it: landline or unreachable carrier",
                "the carrier refused it, with its code 99999",
                "not sent: the contact has opted out",
            ];
            assert_eq!(failures, wanted.map(|words| json!(words)));
            // Earlier texts are a page of their own.
            let before = format!("{}?before={}", read_path(&thread), text(&texts[2]["id"]));
            let earlier = desk.first.client.get(&before).await.ok();
            assert_eq!(earlier["messages"].as_array().unwrap()[..], texts[..2]);
            assert_eq!(earlier["earlier"], Value::Null);
        })
        .await;
}

/// Rule A5: names are those that the group knows.
#[tokio::test]
async fn a5_an_agent_finds_and_reads_a_contact_as_their_group_knows_them() {
    crate::group_knowledge::Two::run(async |two| {
        two.import("first,last,phone,email\nEmmy,,6465550001,e@example.org\n").await;
        let (agent, number) = two.ours.agent(&two.group).await;
        two.world.text("+16465550001", &number, "Hello").await;
        two.world.threads().has("unread_since").until(1).await;
        let thread = thread_of(&two.world, "+16465550001").await;
        let read = agent.client.get(&read_path(&thread)).await.ok();
        crate::group_knowledge::tells_nothing("the conversation", &read);
        assert_eq!(read["contact"]["first_name"], "Emmy");
        assert_eq!(read["contact"]["email"], "e@example.org");
        for (search, found) in [("emmy", 1), ("secretfirst", 0), ("hello", 1), ("5550001", 1)] {
            assert_eq!(listed(&agent.client, &format!("&search={search}")).await.len(), found, "{search}");
        }
        let own = two.mine.admin.get(&two.mine.at("conversations?tag=secret-tag")).await.ok();
        assert_eq!(own["items"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn w9_lists_narrow_by_progress() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            desk.written_to_by(3).await;
            let (_, threads) = by_recency(&desk).await;
            reply(&desk.first.client, &threads[0]).await.ok();
            desk.world
                .execute(&[&format!(
                    "update thread set held_by = '{}', held_since = now(), held_until = now() + interval '1 hour' where id = '{}'",
                    desk.first.id, threads[1]
                )])
                .await;
            let of = async |state: &str| listed(&desk.first.client, &format!("&state={state}")).await;
            assert_eq!(of("all").await, [&threads[0], &threads[2], &threads[1]].map(Clone::clone));
            assert_eq!(of("unresponded").await, [&threads[2], &threads[1]].map(Clone::clone));
            assert_eq!(of("held").await, threads[1..2]);
            assert_eq!(of("done").await, threads[..1]);
            desk.world.threads().backdate("held_until", minutes(61)).await;
            assert!(of("held").await.is_empty(), "a claim that is over is none");
        })
        .await;
}
