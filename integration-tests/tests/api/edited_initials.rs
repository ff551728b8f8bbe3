//! Initials that agents edit before they go, and a request for each text
//! (rules W9, B6 and M1 to M3).

use chrono::TimeDelta;
use muster_integration_tests::{Answer, Client, Organization, World, text};
use serde_json::{Value, json};

/// An agent's own words.
const WORDS: &str = "Hi Ada, Grace here. Reply STOP to quit";

/// An agent with a batch in hand, of contacts `Ada0`, `Ada1` and so on.
struct InHand {
    world: World,
    ours: Organization,
    agent: Client,
    group: String,
    number: String,
    phones: Vec<String>,
    goal: String,
    batch: Value,
}

impl InHand {
    async fn begin(world: World, contacts: usize, settings: Value, more: Value) -> Self {
        let ours = world.organization("Ours").await;
        ours.set(settings).await;
        Self::of(world, ours, contacts, more).await
    }

    async fn of(world: World, ours: Organization, contacts: usize, more: Value) -> Self {
        let group = ours.group("One").await;
        let (agent, number) = ours.agent(&group).await;
        let phones = ours.contacts(&group, contacts).await;
        let goal = ours.open_goal(&world, &group, more).await;
        let batch = agent.client.claim(&goal, "initial").await;
        Self { world, ours, agent: agent.client, group, number, phones, goal, batch }
    }

    fn contact(&self, nth: usize) -> String {
        text(&self.batch["contacts"][nth]["id"])
    }

    /// Sends one contact's text, with the agent's own words or the script's.
    async fn send(&self, nth: usize, words: Option<&str>) -> Answer {
        let mut body = json!({ "lease_token": self.batch["lease_token"] });
        if let Some(words) = words {
            body["text"] = words.into();
        }
        let path = format!("/v1/agent/batches/{}/contacts/{}/send", text(&self.batch["id"]), self.contact(nth));
        self.agent.post(&path, body).await
    }

    /// Shows one contact's text.
    async fn preview(&self, nth: usize, words: Option<&str>) -> Answer {
        let mut body = json!({ "lease_token": self.batch["lease_token"], "contact_id": self.contact(nth) });
        if let Some(words) = words {
            body["text"] = words.into();
        }
        self.agent.post(&format!("/v1/agent/batches/{}/preview", text(&self.batch["id"])), body).await
    }
}

#[tokio::test]
async fn w9_an_initial_is_edited_only_where_the_organization_allows_it() {
    World::with_engine()
        .run(async |world| {
            let own = InHand::begin(world, 2, json!({}), json!({})).await;
            for answer in [own.send(0, Some(WORDS)).await, own.preview(0, Some(WORDS)).await] {
                answer.problem(409, "edit-not-allowed");
            }
            assert_eq!(own.world.messages().count().await, 0);
            // The script's own text goes all the same.
            let shown = own.preview(0, None).await.ok();
            assert_eq!(
                (&shown["text"], &shown["segments"]["segments"]),
                (&own.batch["contacts"][0]["text"], &json!(1))
            );
            let sent = own.send(0, None).await.ok();
            let wanted = json!({ "queued": true, "skipped": null, "edited": false, "batch_finished": false });
            assert_eq!(sent, wanted);
            own.send(0, None).await.problem(404, "not-found");
            own.preview(0, None).await.problem(404, "not-found");

            own.ours.set(json!({ "agents_edit_initials": true })).await;
            let sent = own.send(1, Some(WORDS)).await.ok();
            let wanted = json!({ "queued": true, "skipped": null, "edited": true, "batch_finished": true });
            assert_eq!(sent, wanted);
            own.world.messages().is("edited", true).is("body", WORDS).until(1).await;
            own.world.messages().state("delivered").until(2).await;
        })
        .await;
}

/// Rules M1, M2 and M3: the edited text keeps to the rules, and a refused one leaves the contact
/// where they were.
#[tokio::test]
async fn m1_m2_m3_an_edited_initial_is_held_against_the_rules_of_scripts_and_kept_as_edited() {
    World::with_engine()
        .run(async |world| {
            let settings = json!({ "agents_edit_initials": true, "opt_out_keywords": ["Halt"], "max_segments": 2 });
            let own = InHand::begin(world, 3, settings, json!({})).await;
            let long = format!("Reply STOP to quit. {}", "x".repeat(400));
            for (words, why) in [
                ("Hi Ada!", "text: the script has no opt-out language"),
                ("Hi Ada! Meet me at the bus stop", "opt-out language"),
                ("Hi {{wrad}}. Reply STOP to quit", "unknown merge field {{wrad}}"),
                ("Hi [first_name]. Reply STOP to quit", "looks like a merge field"),
                ("Hi {{email}}. Reply STOP to quit", "no value for {{email}}"),
                (long.as_str(), "more segments or characters"),
            ] {
                for answer in [own.send(0, Some(words)).await, own.preview(0, Some(words)).await] {
                    let problem = answer.problem(422, "invalid-body");
                    assert!(text(&problem["detail"]).contains(why), "{problem}");
                }
            }
            assert_eq!(
                (own.world.messages().count().await, own.world.targets().has("skipped_at").count().await),
                (0, 0)
            );

            let shown = own.preview(0, Some("Hi {{first_name}}! Reply HALT to quit")).await.ok();
            let name = own.batch["contacts"][0]["first_name"].as_str().unwrap();
            let wanted = format!("Hi {name}! Reply HALT to quit");
            assert_eq!((&shown["text"], &shown["edited"]), (&json!(wanted), &json!(true)));
            own.send(0, Some("Hi {{first_name}}! Reply HALT to quit")).await.ok();
            // The script's words are no edit, also when they are typed.
            let scripted = text(&own.batch["contacts"][1]["text"]);
            assert_eq!(own.send(1, Some(&scripted)).await.ok()["edited"], false);
            own.world.messages().state("delivered").until(2).await;
            own.world.messages().is("edited", true).is("body", &wanted).until(1).await;
            own.world.messages().is("edited", false).is("body", &scripted).until(1).await;
            let threads = own.ours.admin.get(&own.ours.at("conversations")).await.ok();
            let mut told = Vec::new();
            for thread in threads["items"].as_array().unwrap() {
                let path = own.ours.at(&format!("conversations/{}", text(&thread["id"])));
                let seen = own.ours.admin.get(&path).await.ok();
                told.push((text(&seen["messages"][0]["body"]), seen["messages"][0]["edited"].clone()));
            }
            told.sort_by_key(|(body, _)| body.clone());
            let mut wanted = vec![(wanted, json!(true)), (scripted, json!(false))];
            wanted.sort_by_key(|(body, _)| body.clone());
            assert_eq!(told, wanted);

            // A contact that has opted out is skipped with any words.
            let contact = own.contact(2);
            own.ours
                .admin
                .post(&own.ours.at(&format!("contacts/{contact}/opt-out")), json!({ "reason": "by phone" }))
                .await
                .ok();
            let skipped = own.send(2, Some("Hi! Reply STOP to quit")).await.ok();
            let wanted = json!({ "queued": false, "skipped": "opted_out", "edited": false, "batch_finished": true });
            assert_eq!(skipped, wanted);
        })
        .await;
}

/// Rule W9: agents edit initials, and no reminders.
#[tokio::test]
async fn w9_a_reminder_goes_as_it_is_written() {
    World::with_engine()
        .run(async |world| {
            let now = world.now().await;
            let at = |minutes| (now + TimeDelta::minutes(minutes)).to_rfc3339();
            let reminder = json!({ "script": "See you, {{first_name}}! Reply STOP", "opens": at(0), "closes": at(90) });
            let settings = json!({ "agents_edit_initials": true });
            let mut own = InHand::begin(world, 1, settings, json!({ "reminder": reminder })).await;
            own.send(0, None).await.ok();
            own.world.messages().state("delivered").until(1).await;
            own.world.text(&own.phones[0], &own.number, "Perhaps").await;
            own.world.threads().has("unread_since").until(1).await;
            own.world.settled().await;
            let claimed = own.agent.act(&format!("/v1/agent/groups/{}/replies/claim", own.group)).await.ok();
            let answer = format!("/v1/agent/threads/{}/answer", text(&claimed[0]["thread"]["id"]));
            own.agent.put(&answer, json!({ "answer": "yes" })).await.ok();
            own.world.batches().kind("reminder").state("released").until(1).await;
            // A claim passes by a batch that a job has locked.
            own.world.settled().await;
            own.batch = own.agent.claim(&own.goal, "reminder").await;
            for answer in [own.send(0, Some(WORDS)).await, own.preview(0, Some(WORDS)).await] {
                answer.problem(409, "edit-not-allowed");
            }
            assert_eq!(own.preview(0, None).await.ok()["text"], "See you, Ada0! Reply STOP");
            assert_eq!(own.send(0, None).await.ok()["queued"], true);
        })
        .await;
}

/// Rule B6: a batch is released by the estimate of the script's segments; a longer text needs room
/// beyond it.
#[tokio::test]
async fn b6_an_edited_initial_with_more_segments_than_the_script_needs_room_under_the_days_cap() {
    World::with_moved_clock()
        .run(async |world| {
            world.at_the_carriers_noon().await;
            let ours = world.organization("Ours").await;
            ours.admin.put(&ours.at("caps"), json!({ "daily_segments": 4 })).await.ok();
            ours.set(json!({ "agents_edit_initials": true })).await;
            let own = InHand::of(world, ours, 3, json!({})).await;
            let two = format!("Reply STOP to quit. {}", "x".repeat(200));
            let shown = own.preview(0, Some(&two)).await.ok();
            assert_eq!(shown["segments"]["segments"], 2);
            own.send(0, Some(&two)).await.ok();
            // Three texts of one segment and the second one of the first are the day's four.
            for answer in [own.send(1, Some(&two)).await, own.preview(1, Some(&two)).await] {
                let problem = answer.problem(409, "conflict");
                assert!(text(&problem["detail"]).contains("today's cap has no room"), "{problem}");
            }
            own.send(1, Some("Short. Reply STOP to quit")).await.ok();
            own.send(2, None).await.ok();
            own.world.messages().state("delivered").until(3).await;
        })
        .await;
}

/// Rule W9: with the setting each text is a person's act, and nothing sends a batch.
#[tokio::test]
async fn w9_with_one_request_for_each_contact_no_request_sends_a_batch() {
    World::with_engine()
        .run(async |world| {
            let settings = json!({ "one_request_one_contact": true });
            let script = json!({ "script": "Hi {{first_name}} {{email|}}! Reply STOP to quit" });
            let own = InHand::begin(world, 3, settings, script).await;
            let path = format!("/v1/agent/batches/{}/send", text(&own.batch["id"]));
            let token = &own.batch["lease_token"];
            for body in [
                json!({ "lease_token": token }),
                json!({ "lease_token": token, "contact_ids": [own.contact(0), own.contact(1)] }),
                json!({ "lease_token": token, "contact_ids": [own.contact(0)] }),
            ] {
                own.agent.post(&path, body).await.problem(409, "one-contact-a-request");
            }
            assert_eq!(own.world.messages().count().await, 0);
            for nth in 0..3 {
                let sent = own.send(nth, None).await.ok();
                assert_eq!((&sent["queued"], &sent["batch_finished"]), (&json!(true), &json!(nth == 2)), "{sent}");
            }
            own.world.messages().state("delivered").until(3).await;
            assert!(own.agent.claim(&own.goal, "initial").await.is_null());
        })
        .await;
}
