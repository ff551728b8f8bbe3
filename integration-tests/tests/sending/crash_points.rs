//! A worker dies at every point around the carrier call; nobody is texted twice, and everybody once (rules S1 and S2). Each walk is taken with
//! the texts of one job, and with texts that have a job each and are worked on together.

use muster_integration_tests::{eventually, seconds};
use muster_simulator::{Behaviour, Millis};

use crate::plant::{Plant, silent};

const MESSAGES: u32 = 7;

/// Whoever waits at this database's gate for messages.
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
    let (of_one_job, singles) = tokio::join!(Plant::start(MESSAGES, 1_000), Plant::singles(MESSAGES, 1_000));
    tokio::join!(walk(of_one_job, &point, 1), walk(singles, &point, MESSAGES));
}

/// Walks into one point, and on with another worker; the texts have so many jobs.
async fn walk(plant: Plant, point: &Point, jobs: u32) {
    plant.carrier.set_behaviour(silent(point.carrier.clone())).unwrap();
    let gate = plant.harness.close_message_gate(point.before).await;
    let worker = plant.harness.worker("dies");
    plant.harness.until_count(AT_THE_GATE, 1, seconds(20)).await;
    assert_eq!(plant.accepted().len(), point.accepted);
    all_at_the_gate(&plant, jobs).await;
    worker.abort();
    gate.open().await;
    plant.carrier.set_behaviour(silent(Behaviour::default())).unwrap();
    let all = i64::from(MESSAGES);
    // What it was about to write is not written.
    eventually(seconds(20), async || {
        let left = plant.harness.count(&format!("message where state = '{}'", point.left)).await;
        if left == all { Ok(()) } else { Err(format!("{left} are {}", point.left)) }
    })
    .await;
    let worker = plant.harness.worker("goes-on");
    plant.until_settled(60).await;
    assert_eq!(plant.accepted().len(), usize::try_from(MESSAGES).unwrap());
    assert_eq!(plant.harness.count("message where state = 'sent' and carrier_sid is not null").await, all);
    let ledger = format!("cap_ledger where reserved = 0 and settled = {}", plant.segments());
    assert_eq!(plant.harness.count(&ledger).await, 1);
    worker.stop().await;
    plant.finish().await;
}

/// All jobs are in the one transaction that waits.
async fn all_at_the_gate(plant: &Plant, jobs: u32) {
    let running = plant.harness.count("job where kind = 'send' and state = 'running'").await;
    assert_eq!((running, plant.harness.count(AT_THE_GATE).await), (i64::from(jobs), 1), "jobs, and what waits");
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
    let (of_one_job, singles) = tokio::join!(Plant::start(MESSAGES, 1_000), Plant::singles(MESSAGES, 1_000));
    tokio::join!(dies_calling(of_one_job), dies_calling(singles));
}

/// The carrier has some of the texts, and has answered for none, when the worker dies.
async fn dies_calling(plant: Plant) {
    let latency_ms = Millis { min: 60_000, max: 60_000 };
    let slow = Behaviour { latency_ms, drop_before_accept: 0.5, ..Behaviour::default() };
    plant.carrier.set_behaviour(silent(slow)).unwrap();
    let worker = plant.harness.worker("calls");
    eventually(seconds(20), async || {
        if plant.accepted().is_empty() { Err("nothing was called for".to_owned()) } else { Ok(()) }
    })
    .await;
    worker.abort();
    let all = i64::from(MESSAGES);
    assert_eq!(plant.harness.count("message where state = 'sending' and carrier_sid is null").await, all);
    plant.carrier.set_behaviour(silent(Behaviour::default())).unwrap();
    let worker = plant.harness.worker("goes-on");
    plant.until_settled(60).await;
    assert_eq!(plant.accepted().len(), usize::try_from(MESSAGES).unwrap());
    assert_eq!(plant.harness.count("message where state = 'sent' and carrier_sid is not null").await, all);
    let ledger = format!("cap_ledger where reserved = 0 and settled = {}", plant.segments());
    assert_eq!(plant.harness.count(&ledger).await, 1);
    worker.stop().await;
    plant.finish().await;
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
    let (of_one_job, singles) = tokio::join!(Plant::start(MESSAGES, 1_000), Plant::singles(MESSAGES, 1_000));
    tokio::join!(dies_asking(of_one_job), dies_asking(singles));
}

async fn dies_asking(plant: Plant) {
    let carrier = Behaviour { drop_after_accept: 1.0, ..Behaviour::default() };
    plant.carrier.set_behaviour(silent(carrier)).unwrap();
    let gate = plant.harness.close_message_gate("old.state = 'unknown'").await;
    let worker = plant.harness.worker("asks");
    let all = i64::from(MESSAGES);
    plant.harness.until_count(AT_THE_GATE, 1, seconds(40)).await;
    assert_eq!(plant.harness.count("message where state = 'unknown'").await, all);
    worker.abort();
    gate.open().await;
    let worker = plant.harness.worker("asks-again");
    plant.until_settled(60).await;
    assert_eq!(plant.accepted().len(), usize::try_from(MESSAGES).unwrap());
    assert_eq!(plant.harness.count("message where state = 'sent' and send_attempts = 1").await, all);
    worker.stop().await;
    plant.finish().await;
}
