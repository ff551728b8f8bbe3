//! A tenant that asks for much waits for itself: other tenants, carriers' webhooks and the api's
//! own readiness have room at any load of agents.

use muster_integration_tests::{Answer, Client, Organization, Person, World, text};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use futures::{StreamExt, future::join_all, stream};
use reqwest::StatusCode;
use serde_json::{Value, json};

const AGENTS: usize = 200;
const BATCH: usize = 5;

/// Requests that wait for a lock on goals.
const HANGING: &str =
    "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%goal%'";
/// How a request is told to come again.
const PUT_OFF: &[(u16, &str)] = &[(429, "too-many-requests"), (503, "unavailable")];

/// Requests that hang at locked rows fill every connection that tenants may have: four tenants take
/// all but one, which is for a tenant that has none.
#[tokio::test]
async fn i1_a_stop_is_taken_while_agents_hold_every_connection() {
    // 3 connections are kept, 13 are the tenants'.
    World::with_api()
        .with_all(&[("database_max_connections", "16")])
        .run(async |world| {
            let mut tenants = Vec::new();
            for name in ["one", "two", "three", "four", "five"] {
                let tenant = world.organization(name).await;
                let group = tenant.group("Phones").await;
                let (agent, number) = tenant.agent(&group).await;
                tenants.push((tenant, agent, number));
            }
            let (fifth, late, number) = tenants.pop().unwrap();
            let sixth = world.organization("six").await;
            let gate = world.hold_table("goal").await;

            let hanging: Vec<_> =
                tenants.iter().flat_map(|(_, agent, _)| (0..3).map(|_| look(&agent.client))).collect();
            let full = async {
                world.until(HANGING, 13).await;
                world.text("+16465550001", &number, "STOP").await;
                let ready = reqwest::get(format!("{}/readyz", world.api().url())).await.unwrap();
                assert_eq!(ready.status(), 200, "{}", ready.text().await.unwrap());
                // Everything that tenants have is in use; that is said, and not waited for without
                // end.
                let refused = sixth.admin.once().get("/v1/account").await;
                assert_eq!(refused.wrong_problem(PUT_OFF), None);
                assert_ne!(refused.header("retry-after"), "");
                gate.open().await;
            };
            let meanwhile = async {
                world.until(HANGING, 12).await;
                for (_, agent, _) in &tenants {
                    are_put_off(&agent.client, 5).await;
                }
                fifth.admin.get("/v1/account").await.ok();
                let (last, ()) = tokio::join!(look(&late.client), full);
                last.ok();
            };
            let (answers, ()) = tokio::join!(join_all(hanging), meanwhile);
            for answer in answers {
                answer.ok();
            }
            sixth.admin.get("/v1/account").await.ok();
        })
        .await;
}

#[tokio::test]
async fn one_tenant_that_waits_leaves_the_others_room() {
    World::with_api()
        .with_all(&[("database_max_connections", "16")])
        .run(async |world| {
            let (one, two) = (world.organization("one").await, world.organization("two").await);
            let group = one.group("Phones").await;
            let (agent, _) = one.agent(&group).await;
            let gate = world.hold_table("goal").await;
            let meanwhile = async {
                // Alone, it has three quarters of them.
                world.until(HANGING, 9).await;
                are_put_off(&agent.client, 31).await;
                for _ in 0..20 {
                    two.admin.get("/v1/account").await.ok();
                    two.group("Another").await;
                }
                world.until(HANGING, 9).await;
                gate.open().await;
            };
            let (answers, ()) = tokio::join!(join_all((0..9).map(|_| look(&agent.client))), meanwhile);
            for answer in answers {
                answer.ok();
            }
        })
        .await;
}

/// A configured share bounds a tenant although more is free.
#[tokio::test]
async fn a_tenants_connections_are_bounded_by_the_configuration() {
    World::with_api()
        .with_all(&[("database_max_connections", "16"), ("database_tenant_connections", "3")])
        .run(async |world| {
            let one = world.organization("one").await;
            let group = one.group("Phones").await;
            let (agent, _) = one.agent(&group).await;
            let gate = world.hold_table("goal").await;
            let meanwhile = async {
                world.until(HANGING, 3).await;
                are_put_off(&agent.client, 17).await;
                world.until(HANGING, 3).await;
                gate.open().await;
            };
            let (answers, ()) = tokio::join!(join_all((0..3).map(|_| look(&agent.client))), meanwhile);
            for answer in answers {
                answer.ok();
            }
        })
        .await;
}

/// A carrier does not repeat a text that came in: however many come at once, each is taken, also
/// while agents hold all that tenants may have.
#[tokio::test]
async fn i1_hundreds_of_texts_at_once_are_all_taken() {
    World::with_api()
        .with_all(&[("database_max_connections", "16")])
        .run(async |world| {
            let one = world.organization("one").await;
            let group = one.group("Phones").await;
            let (agent, number) = one.agent(&group).await;
            let gate = world.hold_table("goal").await;
            let people: Vec<String> = (0..400).map(|line| format!("+1646555{line:04}")).collect();
            let meanwhile = async {
                world.until(HANGING, 9).await;
                are_put_off(&agent.client, 31).await;
                join_all(people.iter().map(|person| world.text(person, &number, "STOP"))).await;
                world.until("webhook", 400).await;
                gate.open().await;
            };
            tokio::join!(join_all((0..9).map(|_| look(&agent.client))), meanwhile);
        })
        .await;
}

/// Returns a request that hangs while goals are locked. It comes again when it is put off, as it
/// may be on a busy machine before it has a connection.
fn look(agent: &Client) -> impl Future<Output = Answer> + Send + 'static {
    let agent = agent.clone();
    async move { agent.get("/v1/agent/goals").await }
}

/// So many more at once are told to come again, and when.
async fn are_put_off(agent: &Client, requests: usize) {
    let once = agent.once();
    for refused in join_all((0..requests).map(|_| look(&once))).await {
        assert_eq!(refused.wrong_problem(PUT_OFF), None);
        assert_ne!(refused.header("retry-after"), "");
    }
}

/// Calls until the answer is not "come again", as clients do that heed `Retry-After`.
async fn insist(client: &Client, path: &str, body: &Value, seen: &mut Vec<u16>) -> Value {
    loop {
        let answer = client.once().post(path, body.clone()).await;
        seen.push(answer.status);
        if answer.wrong_problem(PUT_OFF).is_some() {
            return answer.ok();
        }
        let after = answer.header("retry-after").parse().expect("whoever is to come again is told when");
        tokio::time::sleep(Duration::from_secs(after)).await;
    }
}

/// Claims and sends until nothing is left; returns how many texts went and every status.
async fn work(agent: &Person, goal: &str) -> (usize, Vec<u16>) {
    let (mut sent, mut seen) = (0, Vec::new());
    let claim = format!("/v1/agent/goals/{goal}/claim");
    loop {
        let batch = insist(&agent.client, &claim, &json!({ "workflow": "initial" }), &mut seen).await;
        let batch = &batch["batch"];
        if batch.is_null() {
            return (sent, seen);
        }
        let contacts: Vec<&Value> = batch["contacts"].as_array().unwrap().iter().map(|to| &to["id"]).collect();
        let body = json!({ "lease_token": batch["lease_token"], "contact_ids": contacts });
        insist(&agent.client, &format!("/v1/agent/batches/{}/send", text(&batch["id"])), &body, &mut seen).await;
        sent += contacts.len();
    }
}

/// Returns the times of another tenant's requests meanwhile.
async fn look_around(tenant: &Organization, until: impl Fn(usize) -> bool) -> Vec<Duration> {
    let mut took = Vec::new();
    while !until(took.len()) {
        for path in ["groups", "contacts", "goals"] {
            let began = Instant::now();
            let answer = tenant.admin.get(&tenant.at(path)).await;
            took.push(began.elapsed());
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        }
    }
    took
}

fn p99(mut took: Vec<Duration>) -> Duration {
    took.sort();
    took[(took.len() * 99).div_ceil(100) - 1]
}

/// 200 agents claim and send at once through 20 connections: every text goes once, nothing fails,
/// and another tenant is served. How long the other's requests take is printed, not judged: the
/// machine does other things as well.
#[tokio::test]
async fn s9_two_hundred_agents_share_twenty_connections_and_nothing_fails() {
    World::with_engine()
        .with_all(&[("database_max_connections", "20")])
        .run(async |world| {
            let (busy, other) = (world.organization("busy").await, world.organization("other").await);
            busy.set(json!({ "batch_size": BATCH })).await;
            let group = busy.group("Phones").await;
            let (first, _) = busy.agent(&group).await;
            let agents: Vec<Person> = stream::iter(1..AGENTS)
                .map(|_| busy.agent(&group))
                .buffer_unordered(8)
                .map(|(agent, _)| agent)
                .collect()
                .await;
            let agents: Vec<Person> = std::iter::once(first).chain(agents).collect();
            let contacts = AGENTS * BATCH;
            busy.contacts(&group, contacts).await;
            let goal = busy.open_goal(&world, &group, json!({})).await;
            world.settled().await;

            let unloaded = p99(look_around(&other, |requests| requests >= 300).await);
            let done = AtomicBool::new(false);
            let load = async {
                let worked = join_all(agents.iter().map(|agent| work(agent, &goal))).await;
                done.store(true, Ordering::Release);
                worked
            };
            let (worked, loaded) = tokio::join!(load, look_around(&other, |_| done.load(Ordering::Acquire)));

            assert_eq!(worked.iter().map(|(sent, _)| sent).sum::<usize>(), contacts, "each contact once");
            let statuses: Vec<u16> = worked.into_iter().flat_map(|(_, seen)| seen).collect();
            let put_off = statuses.iter().filter(|status| matches!(status, 429 | 503)).count();
            let requests = loaded.len();
            let loaded = p99(loaded);
            println!(
                "{} requests of {AGENTS} agents, {put_off} put off; another tenant's p99: {unloaded:?} without them, {loaded:?} \
             beside them ({:.1} times, {requests} requests)",
                statuses.len(),
                loaded.as_secs_f64() / unloaded.as_secs_f64()
            );
        })
        .await;
}
