//! Workflows of agents, from the claim to the receipt (rules B2 to B7, W1 to W6, G5 and G7).

use muster_integration_tests::{
    Answer, Client, Organization, World, eventually, goal_at, holds, open_goal, seconds, set, text,
};
use serde_json::{Value, json};

/// Sends, skips or returns under a batch's lease.
async fn under(agent: &Client, batch: &Value, action: &str, more: Value) -> Answer {
    let mut body = json!({ "lease_token": batch["lease_token"] });
    set(&mut body, more);
    agent.post(&format!("/v1/agent/batches/{}/{action}", text(&batch["id"])), body).await
}

pub(crate) fn contacts(batch: &Value) -> Vec<String> {
    batch["contacts"].as_array().unwrap().iter().map(|contact| text(&contact["id"])).collect()
}

/// A group with agents, contacts, and an open goal in batches of two.
pub(crate) struct Field {
    pub(crate) ours: Organization,
    pub(crate) group: String,
    pub(crate) agents: Vec<(Client, String)>,
    pub(crate) ids: Vec<String>,
    pub(crate) goal: String,
}

pub(crate) async fn field(world: &World, agents: usize, contacts: usize, more: Value) -> Field {
    let ours = world.organization("Ours").await;
    ours.set(json!({ "batch_size": 2 })).await;
    let group = ours.group("One").await;
    let mut people = Vec::new();
    let mut ids = Vec::new();
    for _ in 0..agents {
        let (agent, number) = ours.agent(&group).await;
        ids.push(agent.id);
        people.push((agent.client, number));
    }
    ours.contacts(&group, contacts).await;
    let goal = ours.open_goal(world, &group, more).await;
    Field { ours, group, agents: people, ids, goal }
}

#[tokio::test]
async fn b4_a_second_claim_answers_the_same_batch_and_another_agent_gets_another() {
    World::with_engine()
        .run(async |world| {
            let Field { agents, goal, .. } = field(&world, 3, 4, json!({ "instructions": "Be kind" })).await;
            let first = agents[0].0.claim(&goal, "initial").await;
            assert_eq!(agents[0].0.claim(&goal, "initial").await, first);
            assert_eq!((&first["number"], &first["instructions"]), (&json!(1), &json!("Be kind")));
            for contact in first["contacts"].as_array().unwrap() {
                assert_eq!(contact["text"], format!("Hi {}! Reply STOP to opt out", text(&contact["first_name"])));
            }
            assert_eq!(first["contacts"][0]["segments"], 1);
            let second = agents[1].0.claim(&goal, "initial").await;
            assert_ne!(second["id"], first["id"]);
            assert!(contacts(&second).iter().all(|id| !contacts(&first).contains(id)), "each contact is in one batch");
            assert_eq!(agents[2].0.claim(&goal, "initial").await, Value::Null, "there are two batches");
        })
        .await;
}

/// Rule B4: claims that come at once are like claims one after the other.
#[tokio::test]
async fn b4_claims_at_once_by_one_agent_get_one_batch() {
    World::with_engine()
        .run(async |world| {
            let Field { agents, goal, .. } = field(&world, 1, 6, json!({})).await;
            let path = format!("/v1/agent/goals/{goal}/claim");
            let claims = (0..6).map(|_| agents[0].0.post(&path, json!({ "workflow": "initial" })));
            let answers = futures::future::join_all(claims).await;
            let seen: Vec<String> = answers
                .iter()
                .map(|answer| {
                    let body: Value = serde_json::from_str(&answer.text).unwrap();
                    format!(
                        "{} batch {} token {} {}",
                        answer.status, body["batch"]["number"], body["batch"]["lease_token"], body["type"]
                    )
                })
                .collect();
            assert!(seen.iter().all(|seen| *seen == "200 batch 1 token 1 null"), "{seen:#?}");
            assert_eq!(world.batches().state("leased").count().await, 1);
        })
        .await;
}

/// The same when nothing else is left to claim.
#[tokio::test]
async fn b4_claims_at_once_of_the_last_batch_all_answer_it() {
    World::with_engine()
        .run(async |world| {
            let Field { agents, goal, .. } = field(&world, 1, 2, json!({})).await;
            let claims = (0..6).map(|_| agents[0].0.claim(&goal, "initial"));
            let claimed = futures::future::join_all(claims).await;
            let numbers: Vec<&Value> = claimed.iter().map(|batch| &batch["number"]).collect();
            assert!(numbers.iter().all(|number| **number == 1), "{numbers:?}");
        })
        .await;
}

#[tokio::test]
async fn b3_a_stale_or_expired_lease_token_is_refused_and_changes_nothing() {
    World::with_engine()
        .run(async |world| {
            let Field { agents, goal, .. } = field(&world, 2, 2, json!({})).await;
            let agent = &agents[0].0;
            let old = agent.claim(&goal, "initial").await;
            let contact = contacts(&old)[0].clone();
            under(agent, &old, "return", json!({})).await.ok();
            // The goal's opening is over: only the requests could change something.
            world.settled().await;
            let refuse = async |who: &Client, batch: &Value, status: u16, kind: &str| {
                let before = world.contents().await;
                who.send(batch).await.problem(status, kind);
                under(who, batch, "skip", json!({ "contact_id": contact, "reason": "moved" }))
                    .await
                    .problem(status, kind);
                under(who, batch, "return", json!({})).await.problem(status, kind);
                assert_eq!(world.contents().await, before);
            };
            refuse(agent, &old, 409, "lease-stale").await;
            // The transaction of a refused request may end a moment after its answer.
            let new = eventually(seconds(10), async || {
                let batch = agent.claim(&goal, "initial").await;
                holds(!batch.is_null(), &batch).map(|()| batch)
            })
            .await;
            assert!(new["lease_token"].as_i64() > old["lease_token"].as_i64());
            assert_eq!(new["id"], old["id"]);
            refuse(agent, &old, 409, "lease-stale").await;
            for wrong in [json!(0), json!(-1), json!(i64::MAX)] {
                let mut batch = new.clone();
                batch["lease_token"] = wrong;
                refuse(agent, &batch, 409, "lease-stale").await;
            }
            // Somebody else's token is of no use.
            refuse(&agents[1].0, &new, 404, "not-found").await;
            // Late, even before anybody has noticed.
            let late = "update batch set lease_expires_at = clock_timestamp() - interval '1 ms' where state = 'leased'";
            world.execute(&[late]).await;
            refuse(agent, &new, 409, "lease-expired").await;
            let third = agent.claim(&goal, "initial").await;
            assert_eq!(third["id"], new["id"], "what is left is claimed again");
            agent.send(&third).await.ok();
        })
        .await;
}

/// Rules B7 and S1.
#[tokio::test]
async fn b7_a_contact_gets_one_initial_however_often_send_is_called() {
    World::with_engine()
        .run(async |world| {
            let Field { agents, goal, .. } = field(&world, 2, 3, json!({})).await;
            let (agent, number) = &agents[0];
            let batch = agent.claim(&goal, "initial").await;
            let ids = contacts(&batch);
            let one = json!({ "contact_ids": [ids[0]] });
            let first = under(agent, &batch, "send", one.clone()).await.ok();
            assert_eq!((&first["queued"], &first["batch_finished"]), (&json!(1), &json!(false)));
            assert_eq!(under(agent, &batch, "send", one).await.ok()["queued"], 0);
            // Everybody at once: the other one is texted once.
            let sends = (0..6).map(|_| under(agent, &batch, "send", json!({})));
            let queued: i64 = futures::future::join_all(sends)
                .await
                .iter()
                .filter(|answer| answer.status == 202)
                .map(|answer| answer.ok()["queued"].as_i64().unwrap())
                .sum();
            assert_eq!(queued, 1);
            // Contacts of another batch are not in this one.
            let second = agents[1].0.claim(&goal, "initial").await;
            assert_eq!(under(&agents[1].0, &second, "send", json!({ "contact_ids": ids })).await.ok()["queued"], 0);
            assert_eq!(agents[1].0.send(&second).await.ok()["batch_finished"], true);
            world.messages().kind("initial").state("delivered").until(3).await;
            let sent = world.carrier().accepted();
            let mut to: Vec<&str> = sent.iter().map(|message| message.to.as_str()).collect();
            to.sort_unstable();
            assert_eq!(to, ["+16465550000", "+16465550001", "+16465550002"]);
            let ada = sent.iter().find(|message| message.to == "+16465550000").unwrap();
            assert_eq!((&ada.from, ada.body.as_str()), (number, "Hi Ada0! Reply STOP to opt out"));
            assert_eq!(agent.claim(&goal, "initial").await, Value::Null);
        })
        .await;
}

/// Rules B5 and M1.
#[tokio::test]
async fn b5_a_skipped_contact_is_not_returned_and_one_without_a_value_is_kept_out() {
    let script = json!({ "script": "Hi {{first_name}}, {{email}}! Reply STOP" });
    World::with_engine()
        .run(async |world| {
            let Field { ours, agents, goal, .. } = field(&world, 1, 3, script).await;
            let agent = &agents[0].0;
            let batch = agent.claim(&goal, "initial").await;
            let ids = contacts(&batch);
            // The batch's second has no address; the order of contacts is the goal's own.
            let blank = format!("update contact set email = null where id = '{}'", ids[1]);
            world.execute(&["update contact set email = 'ada@example.org'", &blank]).await;
            let batch = agent.claim(&goal, "initial").await;
            assert_eq!(batch["contacts"][1]["kept_out"], "missing_value:email");
            let skip = json!({ "contact_id": ids[0], "reason": "moved away" });
            assert_eq!(under(agent, &batch, "skip", skip.clone()).await.ok()["batch_finished"], false);
            under(agent, &batch, "skip", skip).await.problem(404, "not-found");
            under(agent, &batch, "return", json!({})).await.ok();
            let batch = agent.claim(&goal, "initial").await;
            assert_eq!(contacts(&batch), ids[1..], "the skipped contact is not there any more");
            let sent = agent.send(&batch).await.ok();
            assert_eq!(sent, json!({ "queued": 0, "skipped": { "missing_value:email": 1 }, "batch_finished": true }));
            let batch = agent.claim(&goal, "initial").await;
            agent.send(&batch).await.ok();
            world.messages().state("delivered").until(1).await;
            let stats = ours.admin.get(&ours.at(&format!("goals/{goal}/stats"))).await.ok();
            let wanted = json!({ "targeted": 3, "batched": 3, "messaged": 1, "skipped": 2, "segments": 1 });
            for (name, value) in wanted.as_object().unwrap() {
                assert_eq!(&stats[name], value, "{name} of {stats}");
            }
        })
        .await;
}

/// Rules W1 and W4.
#[tokio::test]
async fn w4_a_reassignment_takes_effect_at_once_also_for_a_batch_in_hand() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let ((first, _), (second, _)) = (ours.agent(&group).await, ours.agent(&group).await);
            let phones = ours.contacts(&group, 4).await;
            let mut ids = Vec::new();
            for phone in &phones {
                ids.push(text(&ours.contact(phone).await["id"]));
            }
            let assign = async |contact: &str, agent: Value| {
                let path = ours.at(&format!("groups/{group}/contacts/{contact}"));
                ours.admin.patch(&path, json!({ "assigned_agent_id": agent })).await.ok();
            };
            for (contact, agent) in [(0, &first), (1, &first), (2, &second)] {
                assign(&ids[contact], json!(agent.id)).await;
            }
            let goal = ours.open_goal(&world, &group, json!({ "strategy": "assigned" })).await;
            let stats = ours.admin.get(&ours.at(&format!("goals/{goal}/stats"))).await.ok();
            assert_eq!(
                (&stats["targeted"], &stats["batched"]),
                (&json!(4), &json!(3)),
                "nobody has the fourth: {stats}"
            );
            let mine = first.client.claim(&goal, "initial").await;
            let sorted = |mut ids: Vec<String>| {
                ids.sort();
                ids
            };
            assert_eq!(sorted(contacts(&mine)), sorted(ids[..2].to_vec()));

            assign(&ids[1], json!(second.id)).await;
            assert_eq!(contacts(&first.client.claim(&goal, "initial").await), ids[..1]);
            let sent = first.client.send(&mine).await.ok();
            assert_eq!((&sent["queued"], &sent["batch_finished"]), (&json!(1), &json!(true)), "{sent}");
            let mut theirs = Vec::new();
            for _ in 0..3 {
                let batch = second.client.claim(&goal, "initial").await;
                if batch.is_null() {
                    break;
                }
                theirs.extend(contacts(&batch));
                second.client.send(&batch).await.ok();
            }
            assert_eq!(sorted(theirs), sorted(ids[1..3].to_vec()), "the new agent gets the reassigned contact");
        })
        .await;
}

/// Rules A5 and W1: an agent in no group of the goal sees nothing of it.
#[tokio::test]
async fn w1_an_agent_works_in_their_groups_only() {
    World::with_engine()
        .run(async |world| {
            let Field { ours, group, agents, goal, ids } = field(&world, 1, 2, json!({})).await;
            let (stranger, _) = ours.agent(&ours.group("Two").await).await;
            assert_eq!(stranger.client.get("/v1/agent/goals").await.ok(), json!([]));
            let path = format!("/v1/agent/goals/{goal}/claim");
            stranger.client.post(&path, json!({ "workflow": "initial" })).await.problem(404, "not-found");
            stranger.client.act(&format!("/v1/agent/groups/{group}/replies/claim")).await.problem(404, "not-found");
            let batch = agents[0].0.claim(&goal, "initial").await;
            stranger.client.send(&batch).await.problem(404, "not-found");
            assert_eq!(agents[0].0.get("/v1/account").await.ok()["member_id"], ids[0].as_str());
            // A draft and a goal that has not opened are nothing to work on.
            let draft = ours.draft(&group, open_goal(&world, json!({})).await).await;
            let claim = json!({ "workflow": "initial" });
            agents[0].0.post(&format!("/v1/agent/goals/{draft}/claim"), claim.clone()).await.problem(404, "not-found");
            let ahead = ours.draft(&group, goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", json!({}))).await;
            ours.goal_act(&ahead, "launch").await;
            let refused = agents[0].0.post(&format!("/v1/agent/goals/{ahead}/claim"), claim).await;
            assert_eq!(refused.status, 409, "{}", refused.text);
            // Reminders are off.
            let reminder = json!({ "workflow": "reminder" });
            agents[0].0.post(&path, reminder).await.problem(409, "conflict");
        })
        .await;
}

/// RFC 9457 and JSON: a problem's own members do not take the place of its status.
#[tokio::test]
async fn g5_a_claim_in_a_goal_that_is_not_active_answers_a_problem_with_one_status() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            let id = ours.draft(&group, open_goal(&world, json!({})).await).await;
            ours.goal_act(&id, "launch").await;
            ours.goal_act(&id, "pause").await;
            let path = format!("/v1/agent/goals/{id}/claim");
            agent.client.post(&path, json!({ "workflow": "initial" })).await.problem(409, "conflict");
        })
        .await;
}

/// Rule B2: the `lease-expiry` job.
#[tokio::test]
async fn b2_a_lease_that_ends_returns_what_is_left_to_somebody_else() {
    World::with_engine()
        .run(async |world| {
            let Field { agents, goal, .. } = field(&world, 2, 3, json!({})).await;
            let held = agents[0].0.claim(&goal, "initial").await;
            let one = json!({ "contact_ids": [contacts(&held)[0]] });
            under(&agents[0].0, &held, "send", one).await.ok();
            // The agent walks away, and the hour passes.
            let pass = [
                "update batch set lease_expires_at = clock_timestamp() where state = 'leased'",
                "update timer set fire_at = clock_timestamp() where kind = 'lease-expires'",
            ];
            world.execute(&pass).await;
            let returned = world.batches().state("released").is("lease_token", 1);
            returned.at_least(1, seconds(30)).await;
            let again = agents[1].0.claim(&goal, "initial").await;
            assert_eq!(again["id"], held["id"]);
            assert_eq!(contacts(&again), contacts(&held)[1..], "who was texted is not returned");
            agents[1].0.send(&again).await.ok();
        })
        .await;
}
