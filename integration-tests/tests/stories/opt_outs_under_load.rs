//! From the answer to an opt-out's webhook on, nothing is handed over to that person, with a
//! hundred thousand texts queued and four workers, of which one stands still and goes on (rules I3,
//! S2 and S9).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures::future::join_all;
use muster_integration_tests::{CARRIER_SECRET, Dice, World, eventually, holds, seconds, urlencoded};
use muster_local::{Process, ports, programs::Binary};
use muster_service::clock;
use muster_simulator::{Behaviour, Millis, Receipts};
use muster_storage::testing::plant::{self, Planted};
use secrecy::SecretString;

/// Texts in the queue, of as many people.
const QUEUED: u32 = 100_000;
/// People that opt out, some at a time.
const OPT_OUTS: usize = 120;
const AT_A_TIME: usize = 8;
/// They are among the next so many people with a text that waits.
const NEXT: u64 = 4_000;

/// An api in a process of its own, as the carrier calls it.
struct Api {
    url: String,
    _process: Process,
}

impl Api {
    async fn start(world: &World) -> Self {
        let url = format!("http://127.0.0.1:{}", ports::free_port().unwrap());
        let listen = url.trim_start_matches("http://").to_owned();
        let environment = [("MUSTER_LISTEN", listen.as_str()), ("MUSTER_PUBLIC_URL", url.as_str())];
        let process = world.process_with(Binary::Api, "api", &environment);
        let ready = format!("{url}/readyz");
        eventually(seconds(20), async || {
            let answer = world.http().get(&ready).send().await.map_err(|error| error.to_string())?;
            holds(answer.status().is_success(), answer.status())
        })
        .await;
        Self { url, _process: process }
    }

    /// Has somebody opt out; returns the instant at which the carrier has the answer.
    async fn stop(&self, world: &World, from: &str, to: &str) -> DateTime<Utc> {
        let url = format!("{}/v1/webhooks/twilio/inbound", self.url);
        let sid = format!("SM{}", uuid::Uuid::now_v7().simple());
        let form = [("MessageSid", &*sid), ("From", from), ("To", to), ("Body", "STOP")];
        let form: Vec<(String, String)> = form.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let signature = muster_carrier::twilio::sign(&SecretString::from(CARRIER_SECRET), &url, &form);
        let request = world.http().post(&url).header("x-twilio-signature", signature);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(urlencoded(&form));
        let answer = eventually(seconds(20), async || {
            let answer = request.try_clone().unwrap().send().await.unwrap();
            // Put off: it was not begun.
            if matches!(answer.status().as_u16(), 429 | 503) { Err(answer.status().to_string()) } else { Ok(answer) }
        })
        .await;
        assert_eq!(answer.status(), 204, "{}", answer.text().await.unwrap_or_default());
        clock::machine_now()
    }
}

/// Numbers of people with a text that waits, near the head of the queue.
async fn next_people(world: &World, dice: &mut Dice) -> BTreeSet<String> {
    let waiting: Vec<String> = world
        .row(&format!(
            "select json_agg(e164) from (
                 select c.e164 from message m join contact c on c.id = m.contact_id
                 where m.state = 'queued' and c.opted_out_at is null order by m.id limit {NEXT}) next"
        ))
        .await;
    (0..AT_A_TIME).map(|_| waiting[usize::try_from(dice.between(0, waiting.len() as u64)).unwrap()].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn s9_nobody_is_texted_after_the_answer_to_their_stop_with_a_hundred_thousand_queued() {
    World::run(async |world| {
        for (key, value) in [("carrier_concurrency", "8"), ("database_max_connections", "8")] {
            world.set(key, value);
        }
        let receipts = Receipts { enabled: false, ..Receipts::default() };
        let latency_ms = Millis { min: 5, max: 40 };
        world.start_carrier(Behaviour { receipts, latency_ms, ..Behaviour::default() }).await;
        let planted = Planted { messages: QUEUED, numbers: 50, ..Planted::default() };
        world.execute(&planted.statements().iter().map(String::as_str).collect::<Vec<_>>()).await;
        world.execute(&[plant::QUEUE_JOBS]).await;
        let api = Api::start(&world).await;
        let _scheduler = world.process(Binary::Scheduler, "scheduler");
        let workers: Vec<_> = (0..4).map(|nth| world.process(Binary::Worker, &format!("worker-{nth}"))).collect();
        let accepted = || world.carrier().accepted().len();
        eventually(seconds(30), async || holds(accepted() >= 200, world.census().await)).await;

        let over = AtomicBool::new(false);
        // Longer than a lease of a job, and shorter; the carrier has texts of it meanwhile.
        let stands_still = async {
            while !over.load(Ordering::Relaxed) {
                for (still, goes_on) in [(500, 1_500), (4_500, 1_500)] {
                    workers[0].pause();
                    tokio::time::sleep(Duration::from_millis(still)).await;
                    workers[0].resume();
                    tokio::time::sleep(Duration::from_millis(goes_on)).await;
                }
            }
        };
        let mut answered: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
        let opting_out = async {
            let mut dice = Dice::new(18);
            while answered.len() < OPT_OUTS {
                let people = next_people(&world, &mut dice).await;
                let numbers = people.iter().map(|phone| {
                    let nth: u32 = phone["+1646".len()..].parse::<u32>().unwrap() - 2_000_000;
                    format!("+1212{}", 5_550_000 + nth / 100 % 50)
                });
                let stops = people
                    .iter()
                    .zip(numbers)
                    .map(async |(phone, number)| (phone.clone(), api.stop(&world, phone, &number).await));
                answered.extend(join_all(stops).await);
            }
            over.store(true, Ordering::Relaxed);
        };
        tokio::join!(stands_still, opting_out);
        let left = world.messages().state("queued").count().await;
        assert!(left > i64::from(QUEUED) / 2, "{left} texts wait still");
        // All of them have had their turn. Texts that the carrier has put off are held, and are
        // decided again before they go.
        let theirs = || {
            let initials = world.messages().kind("initial");
            initials.and("contact_id in (select id from contact where opted_out_at is not null)")
        };
        let under_way = theirs().any_of("state", &["queued", "sending", "unknown"]);
        eventually(seconds(120), async || holds(under_way.count().await == 0, under_way.count().await)).await;
        for worker in &workers {
            worker.kill();
        }

        let mut texted: BTreeMap<String, Vec<DateTime<Utc>>> = BTreeMap::new();
        for text in world.carrier().accepted() {
            if text.body.starts_with("Hi Ada") {
                texted.entry(text.to).or_default().push(text.accepted_at);
            }
        }
        assert!(texted.values().all(|texts| texts.len() == 1), "rule S2: somebody was texted twice");
        let late: Vec<_> = answered
            .iter()
            .filter(|(phone, answered)| texted.get(*phone).is_some_and(|texts| texts.iter().any(|at| at > *answered)))
            .collect();
        assert!(late.is_empty(), "texted after the answer: {late:?}");
        let kept_back = theirs().state("cancelled").reason("opted_out").count().await;
        let put_off = theirs().state("held").count().await;
        let before = answered.keys().filter(|phone| texted.contains_key(*phone)).count();
        assert_eq!(usize::try_from(kept_back + put_off).unwrap() + before, answered.len());
        assert!(kept_back > 60, "{kept_back} were kept back, {before} had their text before");
    })
    .await;
}
