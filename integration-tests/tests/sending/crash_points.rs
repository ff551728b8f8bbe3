//! A worker dies at every point around the carrier call; nobody is texted twice, and everybody once
//! (rules S1 and S2). Each walk is taken with the texts of one job, and with texts that have a job
//! each and are worked on together.

use muster_integration_tests::{eventually, seconds};
use muster_simulator::{Behaviour, Millis};

use crate::plant::{Plant, silent};

const MESSAGES: u32 = 7;

/// Backends that wait at this database's gate for messages.
const AT_THE_GATE: &str = "pg_locks l join pg_database d on d.oid = l.database
    where d.datname = current_database() and l.locktype = 'advisory' and l.objid = 2 and not l.granted";

/// Where the worker dies.
struct Point {
    /// It stands still where a message is about to change in this way, and dies there.
    before: &'static str,
    /// How the carrier treats the hand-over of the worker that dies.
    carrier: Behaviour,
    /// How many texts the carrier has then.
    accepted: usize,
    /// The state in which its death leaves the messages.
    left: &'static str,
}

/// Takes both walks into one point.
async fn dies_at(point: Point) {
    tokio::join!(
        Plant::start(MESSAGES, 1_000).run(async |plant| walk(plant, &point, 1).await),
        Plant::singles(MESSAGES, 1_000).run(async |plant| walk(plant, &point, MESSAGES).await),
    );
}

/// Walks into one point, and on with another worker; the texts have so many jobs.
async fn walk(plant: Plant, point: &Point, jobs: u32) {
    plant.carrier().set_behaviour(silent(point.carrier.clone())).unwrap();
    let gate = plant.close_message_gate(point.before).await;
    let worker = plant.worker("dies");
    plant.until_count(AT_THE_GATE, 1, seconds(20)).await;
    assert_eq!(plant.accepted().len(), point.accepted);
    all_at_the_gate(&plant, jobs).await;
    worker.abort();
    gate.open().await;
    plant.carrier().set_behaviour(silent(Behaviour::default())).unwrap();
    let all = i64::from(MESSAGES);
    // The pending write is not made.
    eventually(seconds(20), async || {
        let left = plant.messages().state(point.left).count().await;
        if left == all { Ok(()) } else { Err(format!("{left} are {}", point.left)) }
    })
    .await;
    plant.set("carrier_timeout_ms", "1000");
    plant.set("reconcile_after_seconds", "4");
    let worker = plant.worker("goes-on");
    plant.until_settled(60).await;
    assert_eq!(plant.accepted().len(), usize::try_from(MESSAGES).unwrap());
    assert_eq!(plant.messages().state("sent").has("carrier_sid").count().await, all);
    plant.settles().await;
    worker.stop().await;
}

/// All jobs are in the one transaction that waits.
async fn all_at_the_gate(plant: &Plant, jobs: u32) {
    let running = plant.jobs().kind("send").state("running").count().await;
    assert_eq!((running, plant.count(AT_THE_GATE).await), (i64::from(jobs), 1), "jobs, and what waits");
}

#[tokio::test]
async fn s1_before_the_hand_over_is_written_down_nothing_has_happened() {
    dies_at(Point { before: "new.state = 'sending'", carrier: Behaviour::default(), accepted: 0, left: "queued" })
        .await;
}

#[tokio::test]
async fn s2_before_the_carrier_has_the_text_it_says_so_and_the_text_goes_again() {
    let carrier = Behaviour { drop_before_accept: 1.0, ..Behaviour::default() };
    dies_at(Point { before: "old.state = 'sending'", carrier, accepted: 0, left: "sending" }).await;
}

#[tokio::test]
async fn s2_while_the_carrier_answers_it_has_the_text_and_none_goes_again() {
    let carrier = Behaviour { drop_after_accept: 1.0, ..Behaviour::default() };
    let accepted = usize::try_from(MESSAGES).unwrap();
    dies_at(Point { before: "old.state = 'sending'", carrier, accepted, left: "sending" }).await;
}

#[tokio::test]
async fn s2_in_the_middle_of_the_calls_what_the_carrier_has_stays_and_the_rest_goes_again() {
    tokio::join!(Plant::start(MESSAGES, 1_000).run(dies_calling), Plant::singles(MESSAGES, 1_000).run(dies_calling));
}

/// The carrier has some of the texts, and has answered for none, when the worker dies.
async fn dies_calling(plant: Plant) {
    let latency_ms = Millis { min: 60_000, max: 60_000 };
    let slow = Behaviour { latency_ms, drop_before_accept: 0.5, ..Behaviour::default() };
    plant.carrier().set_behaviour(silent(slow)).unwrap();
    plant.set("carrier_timeout_ms", "10000");
    plant.set("reconcile_after_seconds", "40");
    let worker = plant.worker("calls");
    eventually(seconds(20), async || {
        if plant.accepted().is_empty() { Err("nothing was called for".to_owned()) } else { Ok(()) }
    })
    .await;
    worker.abort();
    let all = i64::from(MESSAGES);
    assert_eq!(plant.messages().state("sending").lacks("carrier_sid").count().await, all);
    plant.carrier().set_behaviour(silent(Behaviour::default())).unwrap();
    let worker = plant.worker("goes-on");
    plant.until_settled(60).await;
    assert_eq!(plant.accepted().len(), usize::try_from(MESSAGES).unwrap());
    assert_eq!(plant.messages().state("sent").has("carrier_sid").count().await, all);
    plant.settles().await;
    worker.stop().await;
}

#[tokio::test]
async fn s2_after_the_carriers_answer_and_before_it_is_recorded_none_goes_again() {
    let accepted = usize::try_from(MESSAGES).unwrap();
    let carrier = Behaviour::default();
    dies_at(Point { before: "old.state = 'sending' and new.state = 'sent'", carrier, accepted, left: "sending" }).await;
}

#[tokio::test]
async fn s2_after_the_ledger_is_settled_and_before_the_commit_none_goes_again() {
    let accepted = usize::try_from(MESSAGES).unwrap();
    let carrier = Behaviour::default();
    dies_at(Point { before: "new.cap_state = 'settled'", carrier, accepted, left: "sending" }).await;
}

#[tokio::test]
async fn s2_while_it_is_reconciled_a_text_is_asked_about_again() {
    tokio::join!(Plant::start(MESSAGES, 1_000).run(dies_asking), Plant::singles(MESSAGES, 1_000).run(dies_asking));
}

async fn dies_asking(plant: Plant) {
    let carrier = Behaviour { drop_after_accept: 1.0, ..Behaviour::default() };
    plant.carrier().set_behaviour(silent(carrier)).unwrap();
    let gate = plant.close_message_gate("old.state = 'unknown'").await;
    let worker = plant.worker("asks");
    let all = i64::from(MESSAGES);
    plant.until_count(AT_THE_GATE, 1, seconds(40)).await;
    assert_eq!(plant.messages().state("unknown").count().await, all);
    worker.abort();
    gate.open().await;
    let worker = plant.worker("asks-again");
    plant.until_settled(60).await;
    assert_eq!(plant.accepted().len(), usize::try_from(MESSAGES).unwrap());
    assert_eq!(plant.messages().state("sent").is("send_attempts", 1).count().await, all);
    worker.stop().await;
}
