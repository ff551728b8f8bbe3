//! Agents that are suspended, taken out of a group or removed: all that they had in hand is free at
//! once, each contact is texted at most once, and nobody is stranded (rules A6, B7, W3 and W4).

use muster_integration_tests::{Answer, Call, Client, Organization, Person, World, eventually, minutes, seconds, text};
use reqwest::Method;
use serde_json::{Value, json};

use crate::rates::send_all;

/// A group with three agents and contacts.
struct Crew {
    world: World,
    ours: Organization,
    group: String,
    agents: Vec<Person>,
    number: String,
    phones: Vec<String>,
}

impl Crew {
    async fn begin(world: World, agents: usize, contacts: usize) -> Self {
        let ours = world.organization("Ours").await;
        ours.set(json!({ "batch_size": 4 })).await;
        let group = ours.group("One").await;
        let (mut people, mut number) = (Vec::new(), String::new());
        for nth in 0..agents {
            let (person, own) = ours.agent(&group).await;
            if nth == 0 {
                number = own;
            }
            people.push(person);
        }
        let phones = ours.contacts(&group, contacts).await;
        Self { world, ours, group, agents: people, number, phones }
    }

    /// `suspend`, `leave` the group, or `remove`.
    async fn out(&self, agent: &Person, how: &str) -> Answer {
        let member = self.ours.at(&format!("members/{}", agent.id));
        let admin = &self.ours.admin;
        match how {
            "suspend" => admin.act(&format!("{member}/suspend")).await,
            "leave" => {
                let path = self.ours.at(&format!("groups/{}/members/{}", self.group, agent.id));
                admin.call(Method::DELETE, &path, Call::empty()).await
            }
            _ => admin.call(Method::DELETE, &member, Call::empty()).await,
        }
    }

    /// Waits until the agent has texted everybody that was left, and holds the carrier's log
    /// against the contacts.
    async fn everybody_is_texted_once(&self, by: &Person, goal: &str) {
        eventually(seconds(40), async || {
            send_all(&by.client, goal).await;
            match self.world.messages().kind("initial").state("delivered").count().await {
                delivered if usize::try_from(delivered) == Ok(self.phones.len()) => Ok(()),
                delivered => Err(format!("{delivered} are delivered; jobs {}", self.world.census().await)),
            }
        })
        .await;
        self.world.settled().await;
        let mut texted: Vec<_> = self.world.carrier().accepted().into_iter().map(|message| message.to).collect();
        texted.sort();
        assert_eq!(texted, self.phones);
    }
}

async fn claim(agent: &Client, goal: &str) -> Answer {
    agent.post(&format!("/v1/agent/goals/{goal}/claim"), json!({ "workflow": "initial" })).await
}

async fn send(agent: &Client, batch: &Value, contacts: &[Value]) -> Answer {
    let path = format!("/v1/agent/batches/{}/send", text(&batch["id"]));
    agent.post(&path, json!({ "lease_token": batch["lease_token"], "contact_ids": contacts })).await
}

#[tokio::test]
async fn a6_the_rest_of_a_batch_in_hand_returns_at_once_and_another_agent_sends_it() {
    World::with_engine()
        .run(async |world| {
            let crew = Crew::begin(world, 4, 12).await;
            let goal = crew.ours.open_goal(&crew.world, &crew.group, json!({})).await;
            for (agent, how) in crew.agents.iter().zip(["suspend", "leave", "remove"]) {
                let batch = claim(&agent.client, &goal).await.ok()["batch"].clone();
                let contacts: Vec<_> =
                    batch["contacts"].as_array().unwrap().iter().map(|contact| contact["id"].clone()).collect();
                send(&agent.client, &batch, &contacts[..2]).await.ok();
                crew.world.messages().state("delivered").at_least(2, seconds(30)).await;
                crew.world.settled().await;
                assert_eq!(crew.out(agent, how).await.status, 204, "{how}");
                assert_eq!(crew.world.batches().is("leased_to", &agent.id).count().await, 0, "{how}");
                assert_eq!(crew.world.timers().kind("lease-expires").count().await, 0, "{how}");
                let late = send(&agent.client, &batch, &contacts[2..]).await;
                let claims = claim(&agent.client, &goal).await;
                match how {
                    "leave" => {
                        late.problem(409, "lease-stale");
                        claims.problem(404, "not-found");
                    }
                    _ => {
                        late.problem(401, "unauthenticated");
                        claims.problem(401, "unauthenticated");
                    }
                }
            }
            crew.everybody_is_texted_once(&crew.agents[3], &goal).await;
        })
        .await;
}

/// Rules S9 and W4: queued and held texts, also to the agent's own contacts.
#[tokio::test]
async fn a6_texts_that_the_carrier_does_not_have_are_cancelled_and_another_agent_sends_them() {
    World::with_engine()
        .run(async |world| {
            let crew = Crew::begin(world, 3, 8).await;
            let any = crew.ours.open_goal(&crew.world, &crew.group, json!({})).await;
            let gate = crew.world.close_publish_gate().await;
            send_all(&crew.agents[0].client, &any).await;
            assert_eq!(crew.world.messages().state("queued").count().await, 8);
            assert_eq!(crew.out(&crew.agents[0], "remove").await.status, 204);
            gate.open().await;
            crew.world.messages().state("cancelled").reason("reassigned").until(8).await;
            crew.everybody_is_texted_once(&crew.agents[1], &any).await;
            assert_eq!(crew.world.messages().state("delivered").is("agent_id", &crew.agents[0].id).count().await, 0);
        })
        .await;
}

#[tokio::test]
async fn w4_the_contacts_of_an_agent_who_leaves_are_nobodys_and_wait_for_the_next() {
    World::with_engine()
        .run(async |world| {
            let crew = Crew::begin(world, 2, 4).await;
            let assign = async |phone: &str, agent: &Person| {
                let id = text(&crew.ours.contact(phone).await["id"]);
                let path = crew.ours.at(&format!("groups/{}/contacts/{id}", crew.group));
                crew.ours.admin.patch(&path, json!({ "assigned_agent_id": agent.id })).await.ok();
            };
            for phone in &crew.phones {
                assign(phone, &crew.agents[0]).await;
            }
            let goal = crew.ours.open_goal(&crew.world, &crew.group, json!({ "strategy": "assigned" })).await;
            let batch = claim(&crew.agents[0].client, &goal).await.ok()["batch"].clone();
            let gate = crew.world.close_publish_gate().await;
            send(&crew.agents[0].client, &batch, &[batch["contacts"][0]["id"].clone()]).await.ok();
            assert_eq!(crew.out(&crew.agents[0], "leave").await.status, 204);
            gate.open().await;
            assert_eq!(crew.world.memberships().has("assigned_agent_id").count().await, 0);
            crew.world.messages().state("cancelled").reason("reassigned").until(1).await;
            crew.world.targets().lacks("initial_message_id").lacks("batch_id").until(4).await;
            for phone in &crew.phones {
                assign(phone, &crew.agents[1]).await;
            }
            crew.everybody_is_texted_once(&crew.agents[1], &goal).await;
        })
        .await;
}

#[tokio::test]
async fn w3_conversations_in_hand_can_be_claimed_by_others_and_texts_to_the_number_still_arrive() {
    World::with_engine()
        .run(async |world| {
            let crew = Crew::begin(world, 2, 0).await;
            let (leaving, staying) = (&crew.agents[0], &crew.agents[1]);
            crew.world.text("+16465550001", &crew.number, "Hello").await;
            crew.world.threads().has("unread_since").until(1).await;
            crew.world.settled().await;
            let claim = format!("/v1/agent/groups/{}/replies/claim", crew.group);
            let held = leaving.client.act(&claim).await.ok();
            let thread = text(&held[0]["thread"]["id"]);
            assert_eq!(staying.client.act(&claim).await.ok(), json!([]));
            assert_eq!(crew.out(leaving, "leave").await.status, 204);
            let reply = format!("/v1/agent/threads/{thread}/reply");
            leaving.client.post(&reply, json!({ "text": "Late" })).await.problem(404, "not-found");
            let held = staying.client.act(&claim).await.ok();
            assert_eq!(held[0]["thread"]["id"], thread);
            staying.client.post(&reply, json!({ "text": "Hello!" })).await.ok();
            crew.world.messages().kind("reply").state("delivered").until(1).await;
            // The number has no agent, and its conversations go on (rule A3).
            let number = crew.world.rows("sender_number").is("e164", &crew.number);
            assert_eq!(number.the::<Option<String>>("agent_id").await, None);
            crew.world.text("+16465550001", &crew.number, "Who are you?").await;
            crew.world.threads().id(&thread).has("unread_since").until(1).await;
            // Its next agent is the group's, first of all the one that had it.
            let (next, fresh) = crew.ours.agent(&crew.group).await;
            assert!(fresh == crew.number || number.the::<Option<String>>("agent_id").await.is_none(), "{}", next.id);
        })
        .await;
}

/// Agents claim and send one by one while they are suspended, taken out and removed, and leases
/// expire.
#[tokio::test]
async fn a6_agents_who_leave_amid_claims_sends_and_expiries_strand_nobody_and_text_nobody_twice() {
    World::with_engine()
        .run(async |world| {
            let crew = Crew::begin(world, 10, 80).await;
            let goal = crew.ours.open_goal(&crew.world, &crew.group, json!({})).await;
            let works = async |agent: &Person| {
                loop {
                    let claimed = claim(&agent.client, &goal).await;
                    let batch = if claimed.status == 200 { claimed.ok()["batch"].clone() } else { Value::Null };
                    let Some(contacts) = batch["contacts"].as_array() else { return };
                    for contact in contacts {
                        let sent = send(&agent.client, &batch, std::slice::from_ref(&contact["id"])).await;
                        if sent.status != 202 {
                            assert!(matches!(sent.status, 401 | 404 | 409), "{}: {}", sent.request, sent.text);
                            break;
                        }
                    }
                }
            };
            let leave = async {
                let ways = ["suspend", "leave", "remove"].into_iter().cycle();
                for (nth, (agent, how)) in crew.agents[..9].iter().zip(ways).enumerate() {
                    // Amid the work: each goes when some more texts were written.
                    crew.world.messages().at_least(4 * i64::try_from(nth).unwrap(), seconds(30)).await;
                    assert_eq!(crew.out(agent, how).await.status, 204, "{how}");
                    crew.world.batches().state("leased").backdate("lease_expires_at", minutes(61)).await;
                }
            };
            tokio::join!(futures::future::join_all(crew.agents[..9].iter().map(works)), leave);
            for agent in &crew.agents[..9] {
                assert_eq!(crew.world.batches().is("leased_to", &agent.id).count().await, 0);
            }
            crew.everybody_is_texted_once(&crew.agents[9], &goal).await;
            let stranded = crew.world.targets().lacks("initial_message_id").lacks("skipped_at");
            assert_eq!(stranded.count().await, 0);
        })
        .await;
}
