//! Contacts' texts to us (rules I1 to I6).

use muster_integration_tests::{Organization, Person, World, ahead, seconds, text};
use serde_json::{Value, json};

/// Returns a group in which everybody has been texted by one agent.
pub(crate) async fn texted(world: &World, contacts: usize) -> (Organization, String, Person, String) {
    texted_by(world, "Ours", contacts).await
}

/// The same of an organization of this name.
pub(crate) async fn texted_by(world: &World, name: &str, contacts: usize) -> (Organization, String, Person, String) {
    let ours = world.organization(name).await;
    let group = ours.group("One").await;
    let (agent, number) = ours.agent(&group).await;
    ours.contacts(&group, contacts).await;
    let goal = ours.open_goal(world, &group, json!({})).await;
    let batch = agent.client.claim(&goal, "initial").await;
    let path = format!("/v1/agent/batches/{}/send", text(&batch["id"]));
    agent.client.post(&path, json!({ "lease_token": batch["lease_token"] })).await.ok();
    let texted = || world.messages().is("organization_id", &ours.id).kind("initial");
    texted().state("delivered").until(i64::try_from(contacts).unwrap()).await;
    (ours, group, agent, number)
}

#[tokio::test]
async fn i3_an_organizations_own_word_opts_in_again() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "opt_in_keywords": ["Join"] })).await;
            let group = ours.group("One").await;
            let (_, number) = ours.agent(&group).await;
            world.plant_contact_in(&ours.id, &group, "+16465550001").await;
            let opted_out = || world.contacts().is("e164", "+16465550001").has("opted_out_at");
            world.text("+16465550001", &number, "STOP").await;
            opted_out().until(1).await;
            world.text("+16465550001", &number, "JOIN!").await;
            opted_out().until(0).await;
            assert_eq!(ours.contact("+16465550001").await["opted_out_at"], json!(null));
        })
        .await;
}

#[tokio::test]
async fn i3_a_stop_is_in_force_when_the_webhook_has_answered() {
    // Without an engine: nothing but the api itself can have done it.
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "opt_out_keywords": ["Basta!"] })).await;
            let group = ours.group("One").await;
            let (_, number) = ours.agent(&group).await;
            for (nth, said) in [
                "STOP",
                " stop. ",
                "Opt-Out",
                "please take me off this list",
                "basta",
                "Stop texting me",
                "Stop. Thank you",
                "Stop2End",
                "ARRÊT",
                "never text me again",
                "no me escriban más",
                "> Reply STOP to opt out\nstop",
            ]
            .iter()
            .enumerate()
            {
                let phone = format!("+1646555{nth:04}");
                world.plant_contact(&ours.id, &phone).await;
                assert!(ours.contact(&phone).await["opted_out_at"].is_null());
                world.text(&phone, &number, said).await;
                assert!(ours.contact(&phone).await["opted_out_at"].is_string(), "{said:?}");
            }
            for (nth, said) in [
                "stop by my house",
                "don't stop",
                "I'll be at the end of the street",
                "",
                "Liked “Hi! Reply STOP to opt out”",
                "👍 to “Reply STOP…",
                "> Reply STOP to opt out\nSure",
                "Sorry I don't text while driving",
                "I didn't ask you to stop texting me!",
            ]
            .iter()
            .enumerate()
            {
                let phone = format!("+1646556{nth:04}");
                world.plant_contact(&ours.id, &phone).await;
                world.text(&phone, &number, said).await;
                assert!(ours.contact(&phone).await["opted_out_at"].is_null(), "{said:?}");
            }
        })
        .await;
}

#[tokio::test]
async fn i3_an_opt_out_gets_one_confirmation_and_hides_the_thread() {
    World::with_engine()
        .run(async |world| {
            let (ours, group, agent, number) = texted(&world, 2).await;
            let phone = "+16465550000";
            world.text(phone, &number, "Who is this?").await;
            world.threads().has("unread_since").until(1).await;
            world.settled().await;
            let replies = format!("/v1/agent/groups/{group}/replies/claim");
            let claimed = agent.client.act(&replies).await.ok();
            let thread = text(&claimed[0]["thread"]["id"]);

            assert_eq!(world.text_as("SMstop", phone, &number, "STOP").await.status, 204);
            let since = ours.contact(phone).await["opted_out_at"].clone();
            assert!(since.is_string());
            // I1: repeats are acknowledged and dropped.
            for _ in 0..3 {
                assert_eq!(world.text_as("SMstop", phone, &number, "STOP").await.status, 204);
            }
            world.messages().kind("opt_out_confirmation").state("delivered").until(1).await;
            assert_eq!(world.webhooks().is("carrier_sid", "SMstop").count().await, 1);
            assert_eq!(world.messages().kind("inbound").is("body", "STOP").count().await, 1);
            // Again, in other words: no second confirmation.
            world.text(phone, &number, "I said stop texting me").await;
            world.text(phone, &number, "unsubscribe").await;
            world.webhooks().has("processed_at").until(4).await;
            world.settled().await;
            let sent = world.carrier().accepted();
            let confirmations: Vec<_> =
                sent.iter().filter(|message| message.to == phone && message.body.contains("unsubscribed")).collect();
            assert_eq!(confirmations.len(), 1, "{sent:#?}");
            assert_eq!(confirmations[0].from, number);
            assert_eq!(ours.contact(phone).await["opted_out_at"], since, "since the first time");

            assert_eq!(agent.client.act(&replies).await.ok(), json!([]), "the thread is hidden");
            let reply = format!("/v1/agent/threads/{thread}/reply");
            agent.client.post(&reply, json!({ "text": "But" })).await.problem(409, "conflict");
            let stats: Value =
                world.row("select json_agg(opted_out_at is not null order by contact_id) from target").await;
            assert_eq!(stats, json!([true, false]));

            // The contact's own word undoes it, and so the next STOP is confirmed again.
            world.text(phone, &number, "yes").await;
            world.contacts().has("opted_out_at").until(0).await;
            world.text(phone, &number, "stop").await;
            world.messages().kind("opt_out_confirmation").state("delivered").until(2).await;
        })
        .await;
}

/// Rule I1: a webhook that comes many times at once is one text.
/// The job of the STOP is held up; without an order, it would undo the START.
#[tokio::test]
async fn i3_a_start_after_a_stop_stands_whichever_job_is_quicker() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (_, number) = ours.agent(&group).await;
            let phone = "+16465550001";
            world.plant_contact(&ours.id, phone).await;
            world.text(phone, &number, "STOP").await;
            world.jobs().set("run_at", ahead(seconds(1))).await;
            world.text(phone, &number, "START").await;
            assert!(ours.contact(phone).await["opted_out_at"].is_string());

            let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
            world.jobs().kind("inbound-message").state("succeeded").until(2).await;
            assert!(ours.contact(phone).await["opted_out_at"].is_null());
        })
        .await;
}

#[tokio::test]
async fn i1_a_repeated_webhook_is_one_text() {
    World::with_engine()
        .run(async |world| {
            let (_ours, _group, _agent, number) = texted(&world, 1).await;
            let posts = (0..8).map(|_| world.text_as("SMsame", "+16465550000", &number, "Hello"));
            for answer in futures::future::join_all(posts).await {
                assert_eq!(answer.status, 204, "{}", answer.text);
            }
            world.webhooks().has("processed_at").until(1).await;
            world.settled().await;
            assert_eq!(world.text_as("SMsame", "+16465550000", &number, "Hello").await.status, 204);
            world.settled().await;
            assert_eq!(world.messages().kind("inbound").count().await, 1);
            assert_eq!(world.jobs().kind("inbound-message").count().await, 1);
        })
        .await;
}

/// Texts of the same moment are written together: each once, with a job in its person's order, and
/// an opt-out in the organization's own word holds before its answer.
#[tokio::test]
async fn i1_texts_of_one_moment_are_each_recorded_once_and_in_their_persons_order() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "opt_out_keywords": ["Basta!"] })).await;
            let group = ours.group("One").await;
            let (_, number) = ours.agent(&group).await;
            let people: Vec<_> = (0..50).map(|nth| format!("+16465550{nth:03}")).collect();
            for person in &people {
                world.plant_contact(&ours.id, person).await;
            }
            let mut posts = Vec::new();
            for (nth, person) in people.iter().enumerate() {
                let last = if nth % 5 == 0 { "basta" } else { "And when?" };
                for (text, said) in [(0, "Hello"), (1, "Where is it?"), (1, "Where is it?"), (2, last)] {
                    let (world, number, sid) = (&world, &number, format!("SM{nth}of{text}"));
                    posts.push(async move { world.text_as(&sid, person, number, said).await });
                }
            }
            for answer in futures::future::join_all(posts).await {
                assert_eq!(answer.status, 204, "{}", answer.text);
            }
            assert_eq!(world.webhooks().count().await, 150);
            assert_eq!(world.jobs().kind("inbound-message").count().await, 150);
            assert_eq!(world.contacts().has("opted_out_at").count().await, 10);
            let out_of_order = "(select order_key, count(*) filter (where not j.blocked) as first,
                    count(distinct w.carrier_sid) as texts
                 from job j join webhook w on w.id = (j.payload ->> 'webhook_id')::uuid
                 group by order_key) person where first <> 1 or texts <> 3";
            assert_eq!(world.count(out_of_order).await, 0);
        })
        .await;
}

/// Rules I3 and I6.
#[tokio::test]
async fn i6_an_unknown_number_makes_an_unnamed_contact_and_help_is_answered() {
    World::with_engine()
        .run(async |world| {
            let (ours, group, agent, number) = texted(&world, 1).await;
            let phone = "+16465559000";
            world.text(phone, &number, "help").await;
            world.messages().kind("help").state("delivered").until(1).await;
            let contact = ours.contact(phone).await;
            let seen = (&contact["first_name"], &contact["last_name"], &contact["groups"]);
            assert_eq!(seen, (&json!(""), &json!(""), &json!([group])));
            let sent = world.carrier().accepted();
            let help = sent.iter().find(|message| message.to == phone).unwrap();
            assert_eq!(
                (help.from.as_str(), help.body.as_str()),
                (number.as_str(), "Reply STOP to get no more texts from us.")
            );
            // It is a conversation like any other.
            world.text(phone, &number, "Where do I vote?").await;
            world.messages().kind("inbound").until(2).await;
            world.settled().await;
            let claimed = agent.client.act(&format!("/v1/agent/groups/{group}/replies/claim")).await.ok();
            assert_eq!(claimed[0]["thread"]["contact_id"], contact["id"]);
            // A stranger that wants no texts is known for that from now on.
            world.text("+16465559001", &number, "STOP").await;
            world.contacts().is("e164", "+16465559001").has("opted_out_at").until(1).await;
            // A number that is nobody's: acknowledged, and nobody is made.
            let contacts = world.contacts().count().await;
            world.text("+16465559002", "+12125558888", "Hello").await;
            world.webhooks().lacks("processed_at").until(0).await;
            assert_eq!(world.contacts().count().await, contacts);
            world.settled().await;
            assert_eq!(world.jobs().state("parked").count().await, 0, "{}", world.census().await);
        })
        .await;
}

/// Rule I3: a text that resembles help or is none is an unread text for agents.
#[tokio::test]
async fn i3_after_an_opt_out_a_text_stays_hidden_until_they_opt_in() {
    World::with_engine()
        .run(async |world| {
            let (ours, group, agent, number) = texted(&world, 1).await;
            let phone = "+16465550000";
            world.text(phone, &number, "STOP").await;
            world.messages().kind("opt_out_confirmation").state("delivered").until(1).await;
            world.text(phone, &number, "And another thing").await;
            world.webhooks().has("processed_at").until(2).await;
            world.settled().await;
            let replies = format!("/v1/agent/groups/{group}/replies/claim");
            assert_eq!(agent.client.act(&replies).await.ok(), json!([]));
            world.text(phone, &number, "START").await;
            world.contacts().lacks("opted_out_at").until(1).await;
            world.text(phone, &number, "Hello again").await;
            // Both: the thread is unread from the first on, and a claim passes by a thread that is
            // being written to.
            world.webhooks().has("processed_at").until(4).await;
            world.settled().await;
            assert_eq!(agent.client.act(&replies).await.ok().as_array().unwrap().len(), 1);
            assert!(ours.contact(phone).await["opted_out_at"].is_null());
        })
        .await;
}

/// Rule I5.
#[tokio::test]
async fn i5_a_text_from_a_deactivated_contact_reactivates_them() {
    World::with_engine()
        .run(async |world| {
            let (ours, group, _agent, number) = texted(&world, 1).await;
            let id = text(&ours.contact("+16465550000").await["id"]);
            ours.admin.patch(&ours.at(&format!("groups/{group}/contacts/{id}")), json!({ "active": false })).await.ok();
            assert_eq!(world.memberships().has("deactivated_at").count().await, 1);
            world.text("+16465550000", &number, "I am back").await;
            world.memberships().has("deactivated_at").until(0).await;
        })
        .await;
}

/// Rule S8: receipts that come late or twice move nothing backwards.
#[tokio::test]
async fn s8_late_and_repeated_receipts_move_nothing_backwards() {
    World::with_engine()
        .run(async |world| {
            let (_ours, _group, _agent, _number) = texted(&world, 1).await;
            let (id, sid): (String, String) =
                world.row("select json_build_array(id, carrier_sid) from message where kind = 'initial'").await;
            let path = format!("/v1/webhooks/twilio/status/{id}");
            for status in ["sent", "queued", "delivered", "sent", "undelivered"] {
                let answer =
                    world.webhook(&path, &[("MessageSid", &sid), ("MessageStatus", status), ("ErrorCode", "")]).await;
                assert_eq!(answer.status, 204, "{}", answer.text);
            }
            world.receipts().until(0).await;
            world.settled().await;
            assert_eq!(world.messages().kind("initial").state("delivered").count().await, 1);
            // A receipt of nothing is taken and changes nothing.
            let nothing = format!("/v1/webhooks/twilio/status/{}", uuid::Uuid::now_v7());
            assert_eq!(
                world.webhook(&nothing, &[("MessageSid", "SM9"), ("MessageStatus", "delivered")]).await.status,
                204
            );
            world.receipts().until(0).await;
        })
        .await;
}
