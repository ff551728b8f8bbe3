//! A cap is used up, and never exceeded, whichever process dies (rule S3).

use muster_integration_tests::{Daemon, Dice, eventually, seconds};

use crate::plant::Plant;

/// 50,000 texts under a cap of 10,000 where `MUSTER_TEST_FULL` is set, which takes minutes; a tenth
/// of both otherwise.
fn size() -> u32 {
    if std::env::var_os("MUSTER_TEST_FULL").is_some() { 10 } else { 1 }
}

const MESSAGES: u32 = 5_000;
const CAP: i64 = 1_000;
const WORKERS: usize = 8;
/// The longest of the planted texts.
const LONGEST_TEXT: i64 = 2;

/// Some of the workers die whenever the carrier has so many texts more.
const DEATHS_EVERY: usize = 150;

/// Waits until the carrier's log has stopped growing because nothing is on its way; meanwhile
/// workers die and others take their places.
async fn work_and_die(plant: &Plant, workers: &mut Vec<Daemon>, dice: &mut Dice, within: u64) {
    let (mut born, mut next) = (workers.len(), plant.carrier().accepted().len() + DEATHS_EVERY);
    let under_way = "message where state in ('queued', 'sending', 'unknown') or (state = 'held' and (reason \
         <> 'cap' or held_until <= clock_timestamp()))";
    eventually(seconds(within), async || {
        let accepted = plant.carrier().accepted().len();
        if accepted >= next {
            next = accepted + DEATHS_EVERY;
            let dies = usize::try_from(dice.between(0, workers.len() as u64)).unwrap();
            workers.swap_remove(dies).abort();
            workers.push(plant.worker(&format!("worker-{born}")));
            born += 1;
        }
        match plant.count(under_way).await {
            0 => Ok(()),
            left => Err(format!("{left} under way, {accepted} accepted; {}", plant.census().await)),
        }
    })
    .await;
}

/// The day turns: past texts are so many days old, and texts that wait for the new day are due.
async fn turn_the_day(plant: &Plant, days: u32) {
    let ledger = format!("update cap_ledger set day = day - {days}");
    let messages = format!("update message set cap_day = cap_day - {days} where cap_day is not null");
    let turn = [
        ledger.as_str(),
        &messages,
        "update message set held_until = clock_timestamp() where state = 'held' and reason = 'cap'",
        "update timer set fire_at = clock_timestamp() where kind = 'hold-ends'",
    ];
    plant.execute(&turn).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_eight_workers_that_die_send_exactly_a_cap_a_day() {
    let (messages, cap) = (MESSAGES * size(), CAP * i64::from(size()));
    Plant::start(messages, cap).run(async |plant| day_by_day(plant, messages, cap).await).await;
}

/// Each text is a job of its own here, and those that wait go together.
#[tokio::test(flavor = "multi_thread")]
async fn s3_eight_workers_that_die_send_exactly_a_cap_of_single_texts_a_day() {
    let (messages, cap) = (1_000 * size(), 200 * i64::from(size()));
    Plant::singles(messages, cap).run(async |plant| day_by_day(plant, messages, cap).await).await;
}

async fn day_by_day(plant: Plant, messages: u32, cap: i64) {
    let mut dice = Dice::new(5);
    let mut workers: Vec<_> = (0..WORKERS).map(|n| plant.worker(&format!("worker-{n}"))).collect();
    work_and_die(&plant, &mut workers, &mut dice, 600).await;
    let first_day = plant.segments();
    assert!((cap - LONGEST_TEXT + 1..=cap).contains(&first_day), "{first_day} segments on the first day");
    plant.settles().await;

    turn_the_day(&plant, 1).await;
    work_and_die(&plant, &mut workers, &mut dice, 600).await;
    let second_day = plant.segments() - first_day;
    assert!((cap - LONGEST_TEXT + 1..=cap).contains(&second_day), "{second_day} segments on the second day");

    // And on a day without an end everybody else.
    plant.execute(&["update brand_cap set daily_segments = 1000000"]).await;
    turn_the_day(&plant, 5).await;
    work_and_die(&plant, &mut workers, &mut dice, 900).await;
    assert_eq!(plant.accepted().len(), usize::try_from(messages).unwrap());
    let settled = plant.messages().state("sent").is("cap_state", "settled").count().await;
    assert_eq!(settled, i64::from(messages));
    for worker in workers {
        worker.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_segments_that_the_carrier_refused_go_to_others_the_same_day() {
    Plant::start(300, 100)
        .at_noon()
        .run(async |plant| {
            let refusing =
                muster_simulator::Behaviour { permanent_error: 0.3, ..muster_simulator::Behaviour::default() };
            plant.carrier().set_behaviour(crate::plant::silent(refusing)).unwrap();
            let worker = plant.worker("worker");
            plant.until_settled(60).await;
            let sent = plant.segments();
            assert!((100 - LONGEST_TEXT + 1..=100).contains(&sent), "{sent} segments");
            assert!(plant.messages().state("failed").count().await > 10);
            let ledger = plant.ledgers().is("reserved", 0).is("settled", sent);
            assert_eq!(ledger.count().await, 1);
            worker.stop().await;
        })
        .await;
}
