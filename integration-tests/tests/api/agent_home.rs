//! An agent's home: the step or the obstacle of each workflow, and its stream of events
//! (rules G5, W3, B4 and B6).

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
};

use chrono::{DateTime, Timelike, Utc};
use muster_integration_tests::{Call, Client, Events, World, days, open_goal, text};
use reqwest::Method;
use serde_json::{Value, json};

use crate::goals::goal as in_2027;

const HOME: &str = "/v1/agent/home";
const EVENTS: &str = "/v1/agent/events";

/// Returns a goal of a home.
fn goal<'h>(home: &'h Value, id: &str) -> &'h Value {
    let found = home["goals"].as_array().unwrap().iter().find(|goal| goal["id"] == id);
    found.unwrap_or_else(|| panic!("{home} has no goal {id}"))
}

/// Returns the step, or the obstacle, of a workflow.
fn told(workflow: &Value) -> String {
    let told = if workflow["can"].is_null() { &workflow["why_not"] } else { &workflow["can"] };
    assert_ne!(workflow["can"].is_null(), workflow["why_not"].is_null(), "{workflow}");
    text(told)
}

fn instant(value: &Value) -> DateTime<Utc> {
    text(value).parse().unwrap()
}

async fn initial(agent: &Client, id: &str) -> Value {
    goal(&agent.get(HOME).await.ok(), id)["initial"].clone()
}

#[tokio::test]
async fn b4_home_tells_the_batch_in_hand_the_counts_and_who_has_the_rest() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "batch_size": 2 })).await;
            let group = ours.group("One").await;
            let (grace, alan) = (ours.agent(&group).await.0.client, ours.agent(&group).await.0.client);
            ours.contacts(&group, 3).await;
            let id = ours.open_goal(&world, &group, json!({ "instructions": "Be kind" })).await;
            let home = grace.get(HOME).await.ok();
            assert_eq!(goal(&home, &id)["instructions"], "Be kind");
            let told_now = async |agent: &Client| {
                let initial = initial(agent, &id).await;
                (told(&initial), initial["left"].clone(), initial["mine"].clone(), initial["batch"]["left"].clone())
            };
            let wanted =
                |step: &str, left: i64, mine: i64, batch: Value| (step.to_owned(), json!(left), json!(mine), batch);
            assert_eq!(told_now(&grace).await, wanted("claim", 3, 0, json!(null)));
            let batch = grace.claim(&id, "initial").await;
            assert_eq!(told_now(&grace).await, wanted("go_on", 3, 2, json!(2)));
            let seen = initial(&grace, &id).await["batch"].clone();
            assert_eq!((&seen["id"], &seen["number"]), (&batch["id"], &json!(1)));
            assert_eq!(instant(&seen["expires_at"]), instant(&batch["expires_at"]));
            assert!((3_500..=3_600).contains(&seen["seconds_left"].as_i64().unwrap()), "{seen}");
            assert_eq!(told_now(&alan).await, wanted("claim", 3, 0, json!(null)));
            let path = format!("/v1/agent/batches/{}/send", text(&batch["id"]));
            let one = json!({ "lease_token": batch["lease_token"], "contact_ids": [batch["contacts"][0]["id"]] });
            grace.post(&path, one).await.ok();
            assert_eq!(told_now(&grace).await, wanted("go_on", 2, 1, json!(1)));
            alan.send(&alan.claim(&id, "initial").await).await.ok();
            // The rest is with the other agent, until the lease ends.
            assert_eq!(told_now(&alan).await, wanted("with_others", 1, 0, json!(null)));
            assert_eq!(instant(&initial(&alan, &id).await["until"]), instant(&batch["expires_at"]));
            grace.send(&batch).await.ok();
            for agent in [&grace, &alan] {
                assert_eq!(told_now(agent).await, wanted("nothing_left", 0, 0, json!(null)));
            }
            let home = grace.get(HOME).await.ok();
            assert_eq!(told(&goal(&home, &id)["reminder"]), "no_reminder");
        })
        .await;
}

/// Rule W1: with assigned agents each has their own.
#[tokio::test]
async fn w1_home_counts_an_agents_own_contacts_where_they_are_assigned() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (grace, alan) = (ours.agent(&group).await.0, ours.agent(&group).await.0);
            let phones = ours.contacts(&group, 3).await;
            for phone in &phones[..2] {
                let contact = text(&ours.contact(phone).await["id"]);
                let path = ours.at(&format!("groups/{group}/contacts/{contact}"));
                ours.admin.patch(&path, json!({ "assigned_agent_id": grace.id })).await.ok();
            }
            let id = ours.open_goal(&world, &group, json!({ "strategy": "assigned" })).await;
            let seen = initial(&grace.client, &id).await;
            assert_eq!((told(&seen).as_str(), &seen["left"], &seen["mine"]), ("claim", &json!(2), &json!(2)));
            let seen = initial(&alan.client, &id).await;
            assert_eq!((told(&seen).as_str(), &seen["left"], &seen["mine"]), ("nothing_left", &json!(0), &json!(0)));
        })
        .await;
}

#[tokio::test]
async fn b6_home_tells_when_the_next_release_and_the_next_hours_are() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "batch_size": 1 })).await;
            let group = ours.group("One").await;
            let agent = ours.agent(&group).await.0.client;
            ours.contacts(&group, 3).await;
            let plan = json!({ "release_plan": { "pace": { "every": { "batches": 1, "minutes": 60 } } } });
            let id = ours.draft(&group, open_goal(&world, plan).await).await;
            ours.goal_act(&id, "launch").await;
            world.batches().goal(&id).state("released").until(1).await;
            world.settled().await;
            assert_eq!(told(&initial(&agent, &id).await), "claim");
            agent.send(&agent.claim(&id, "initial").await).await.ok();
            let seen = initial(&agent, &id).await;
            assert_eq!((told(&seen).as_str(), &seen["left"]), ("next_release", &json!(2)));
            let at: DateTime<Utc> = world.timers().kind("batch-release").the("fire_at").await;
            assert_eq!(instant(&seen["until"]), at);

            // A minute of the day that is not now, in the group's zone.
            let minute: i32 =
                world.row("select extract(hour from now() at time zone 'America/New_York')::int * 60").await;
            let opens = if minute < 720 { 1_438 } else { 1 };
            ours.set(json!({ "sending_hours": { "opens_minute": opens, "closes_minute": opens + 1 } })).await;
            world.settled().await;
            let seen = initial(&agent, &id).await;
            assert_eq!(told(&seen), "outside_hours");
            let until = instant(&seen["until"]);
            assert_eq!((until.second(), u32::try_from(opens % 60).unwrap()), (0, until.minute()));
            // A released batch can be worked through, and its texts wait.
            world.batches().goal(&id).state("held").set("state", "released").await;
            let seen = initial(&agent, &id).await;
            assert_eq!((told(&seen).as_str(), instant(&seen["texts_wait_until"])), ("claim", until));
        })
        .await;
}

#[tokio::test]
async fn w3_home_counts_replies_that_wait_and_that_are_in_hand() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, quiet) = (ours.group("One").await, ours.group("Two").await);
            let (person, number) = ours.agent(&group).await;
            ours.join(&quiet, "agent", &person.id).await;
            let (grace, alan) = (person.client, ours.agent(&group).await.0.client);
            let phones = ours.contacts(&group, 2).await;
            let id = ours.open_goal(&world, &group, json!({})).await;
            grace.send(&grace.claim(&id, "initial").await).await.ok();
            world.messages().kind("initial").state("delivered").until(2).await;
            let replies = async |agent: &Client| {
                let home = agent.get(HOME).await.ok();
                let groups = home["groups"].as_array().unwrap();
                let of_group = groups.iter().find(|one| one["group_id"] == group.as_str()).unwrap();
                for same in [&of_group["replies"], &home["replies"]] {
                    assert_eq!(same, &goal(&home, &id)["replies"]);
                }
                for other in groups.iter().filter(|one| one["group_id"] != group.as_str()) {
                    assert_eq!(
                        (told(&other["replies"]).as_str(), &other["replies"]["waiting"]),
                        ("nothing_left", &json!(0))
                    );
                }
                let replies = home["replies"].clone();
                (told(&replies), replies["waiting"].clone(), replies["in_hand"].clone(), replies["oldest_at"].clone())
            };
            let wanted = |step: &str, waiting: i64, in_hand: i64, oldest: &Value| {
                (step.to_owned(), json!(waiting), json!(in_hand), oldest.clone())
            };
            assert_eq!(replies(&grace).await, wanted("nothing_left", 0, 0, &json!(null)));
            for phone in &phones {
                world.text(phone, &number, "Perhaps").await;
            }
            world.threads().has("unread_since").until(2).await;
            world.settled().await;
            let oldest: DateTime<Utc> = world.row("select min(unread_since) from thread").await;
            let oldest = json!(oldest);
            assert_eq!(replies(&grace).await, wanted("claim", 2, 0, &oldest));
            let claimed = grace.act(&format!("/v1/agent/groups/{group}/replies/claim")).await.ok();
            assert_eq!(replies(&grace).await, wanted("go_on", 0, 2, &oldest));
            assert_eq!(replies(&alan).await, wanted("nothing_left", 0, 0, &json!(null)));
            let thread = text(&claimed[0]["thread"]["id"]);
            grace.post(&format!("/v1/agent/threads/{thread}/reply"), json!({ "text": "Hello!" })).await.ok();
            assert_eq!(replies(&grace).await.2, json!(1));
            // Replies in a paused goal can't be answered before it goes on.
            ours.goal_act(&id, "pause").await;
            let home = grace.get(HOME).await.ok();
            assert_eq!(told(&goal(&home, &id)["replies"]), "paused");
            assert_eq!((told(&home["replies"]).as_str(), &home["replies"]["in_hand"]), ("nothing_left", &json!(0)));
        })
        .await;
}

/// Rules A5 and G5: a home has the launched goals of the agent's groups, and the status of each
/// stands in its way.
#[tokio::test]
async fn g5_home_has_launched_goals_of_the_agents_groups_alone() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, other) = (ours.group("One").await, ours.group("Two").await);
            let agent = ours.agent(&group).await.0.client;
            let launched = async |group: &str| {
                let id = ours.draft(group, open_goal(&world, json!({})).await).await;
                ours.goal_act(&id, "launch").await;
                id
            };
            ours.draft(&group, open_goal(&world, json!({})).await).await;
            launched(&other).await;
            let (paused, closed, open) = (launched(&group).await, launched(&group).await, launched(&group).await);
            ours.goal_act(&paused, "pause").await;
            ours.goal_act(&closed, "close").await;
            let later = ours.draft(&group, in_2027(json!({}))).await;
            ours.goal_act(&later, "launch").await;
            let over = launched(&group).await;
            world.goals().id(&over).backdate("opens_at", days(40)).await;
            world.goals().id(&over).backdate("closes_at", days(40)).await;

            let home = agent.get(HOME).await.ok();
            let ids: Vec<_> = home["goals"].as_array().unwrap().iter().map(|goal| text(&goal["id"])).collect();
            assert_eq!(ids.len(), 4, "{home}");
            assert_eq!((&ids[0], &ids[3]), (&open, &closed), "active first, completed last");
            for (id, status, initial) in [
                (&open, "active", "preparing"),
                (&paused, "paused", "paused"),
                (&closed, "completed", "closed"),
                (&later, "scheduled", "not_open"),
            ] {
                let goal = goal(&home, id);
                assert_eq!((&goal["status"], told(&goal["initial"]).as_str()), (&json!(status), initial), "{goal}");
            }
            let opens = &goal(&home, &later)["initial"]["until"];
            assert_eq!(opens, &goal(&home, &later)["opens_at"]);
            // Without a number nothing can be sent.
            world.rows("sender_number").clear("agent_id").await;
            let home = agent.get(HOME).await.ok();
            assert_eq!(told(&goal(&home, &open)["initial"]), "no_number");
            ours.admin.get(HOME).await.problem(403, "forbidden");
            ours.admin.get(EVENTS).await.problem(403, "forbidden");
        })
        .await;
}

/// Returns the status of a goal in the next event, which has to be a home.
async fn next_status(events: &mut Events, id: &str) -> Value {
    let (kind, home) = events.next().await.unwrap();
    assert_eq!(kind, "home", "{home}");
    goal(&home, id)["status"].clone()
}

#[tokio::test]
async fn a6_the_stream_tells_each_change_and_ends_with_the_token_the_member_and_the_api() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let people = [ours.agent(&group).await.0, ours.agent(&group).await.0, ours.agent(&group).await.0];
            let id = ours.draft(&group, open_goal(&world, json!({})).await).await;
            ours.goal_act(&id, "launch").await;
            let mut streams = Vec::new();
            for person in &people {
                let mut events = person.client.events(EVENTS).await;
                let (kind, first) = events.next().await.unwrap();
                let now = person.client.get(HOME).await.ok();
                assert_eq!(
                    (kind.as_str(), &first["goals"], &first["replies"]),
                    ("home", &now["goals"], &now["replies"])
                );
                streams.push(events);
            }
            ours.goal_act(&id, "pause").await;
            for events in &mut streams {
                assert_eq!(next_status(events, &id).await, "paused");
            }
            let [revoked, suspended, _] = &people;
            let token = ours.at(&format!("tokens/{}", revoked.token_id));
            ours.admin.call(Method::DELETE, &token, Call::empty()).await.ok();
            ours.admin.act(&ours.at(&format!("members/{}/suspend", suspended.id))).await.ok();
            for mut events in streams.drain(..2) {
                let (kind, problem) = events.next().await.unwrap();
                assert_eq!((kind.as_str(), &problem["status"]), ("problem", &json!(401)), "{problem}");
                assert_eq!(events.next().await, None);
            }
            ours.goal_act(&id, "resume").await;
            assert_eq!(next_status(&mut streams[0], &id).await, "active");
            world.stop_api().await;
            assert_eq!(streams[0].next().await, None, "what is followed ends");
        })
        .await;
}

/// Statements that the api has made: sqlx logs each, and the log goes here.
static STATEMENTS: AtomicUsize = AtomicUsize::new(0);

struct Counted;

impl io::Write for Counted {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if std::thread::current().name() == Some("api") {
            STATEMENTS.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One look serves all streams: fifty make no more statements than one does.
#[tokio::test]
async fn fifty_agents_that_listen_cost_the_statements_of_one() {
    const LISTENERS: usize = 50;
    const CHANGES: usize = 4;
    let log = tracing_subscriber::fmt().with_env_filter("sqlx::query=debug").with_writer(|| Counted);
    log.try_init().unwrap();
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let id = ours.draft(&group, open_goal(&world, json!({})).await).await;
            ours.goal_act(&id, "launch").await;
            let mut streams = Vec::new();
            let mut cost = Vec::new();
            for listeners in [1, LISTENERS] {
                while streams.len() < listeners {
                    let mut events = ours.agent(&group).await.0.client.events(EVENTS).await;
                    assert_eq!(next_status(&mut events, &id).await, "active");
                    streams.push(events);
                }
                let before = STATEMENTS.load(Ordering::Relaxed);
                for nth in 0..CHANGES {
                    // By hand: a request would be counted.
                    let paused = if nth % 2 == 0 { "now()" } else { "null" };
                    world.execute(&[&format!("update goal set paused_at = {paused} where id = '{id}'")]).await;
                    let wanted = if nth % 2 == 0 { "paused" } else { "active" };
                    for events in &mut streams {
                        assert_eq!(next_status(events, &id).await, wanted);
                    }
                }
                cost.push(STATEMENTS.load(Ordering::Relaxed) - before);
            }
            assert!(cost[0] >= CHANGES, "nothing was counted: {cost:?}");
            // Listeners that looked by themselves would make fifty times as many. Looks come by
            // time: a slow machine makes more of them before all have seen a change.
            assert!(cost[1] < cost[0] * LISTENERS / 3, "statements of 1 and of 50: {cost:?}");
        })
        .await;
}

#[tokio::test]
async fn a6_an_agent_that_leaves_a_group_has_it_in_their_home_no_more() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (person, _) = ours.agent(&group).await;
            let id = ours.draft(&group, open_goal(&world, json!({})).await).await;
            ours.goal_act(&id, "launch").await;
            let mut events = person.client.events(EVENTS).await;
            assert_eq!(next_status(&mut events, &id).await, "active");
            let path = ours.at(&format!("groups/{group}/members/{}", person.id));
            ours.admin.call(Method::DELETE, &path, Call::empty()).await.ok();
            let (kind, home) = events.next().await.unwrap();
            assert_eq!((kind.as_str(), &home["goals"], &home["groups"]), ("home", &json!([]), &json!([])), "{home}");
        })
        .await;
}
