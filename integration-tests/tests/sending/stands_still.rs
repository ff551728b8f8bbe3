//! A worker that stood still between its decision and its calls, or that could hear no stop
//! meanwhile, hands over nothing that was forbidden (rule S9).

use muster_integration_tests::{CARRIER_SECRET, Daemon, Rows, eventually, holds, seconds};
use muster_local::programs::Binary;
use muster_simulator::{Behaviour, Millis};
use muster_storage::testing::plant::ID;
use reqwest::{Method, StatusCode};
use secrecy::SecretString;
use uuid::Uuid;

use crate::plant::{Plant, silent};

/// Ends the connections on which workers hear of stops.
const CUT: &str = "select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query ilike 'listen \"muster_stops\"%'";
/// Nothing is marked for the carrier any more.
fn in_hand(plant: &Plant) -> Rows {
    plant.messages().any_of("state", &["queued", "sending"])
}

/// A worker takes one text after the other, and has time for the carrier, which takes so many
/// seconds for the first.
async fn one_at_a_time<T>(messages: u32, latency: u64, test: impl AsyncFnOnce(Plant) -> T) -> T {
    Plant::start(messages, 1_000)
        .run(async |plant| {
            for (key, value) in [
                ("carrier_concurrency", "1"),
                ("carrier_timeout_ms", "8000"),
                ("reconcile_after_seconds", "40"),
                ("job_lease_seconds", "20"),
            ] {
                plant.set(key, value);
            }
            plant.contacts().set("postal_code", "10001").await;
            let latency_ms = Millis { min: latency * 1_000, max: latency * 1_000 };
            plant.carrier().set_behaviour(silent(Behaviour { latency_ms, ..Behaviour::default() })).unwrap();
            test(plant).await
        })
        .await
}

/// The carrier has the first text and takes its time to say so; the others are marked, and wait for
/// their calls. The carrier is quick from now on.
async fn first_is_called(plant: &Plant) {
    eventually(seconds(30), async || holds(plant.accepted().len() == 1, plant.census().await)).await;
    plant.carrier().set_behaviour(silent(Behaviour::default())).unwrap();
}

/// Returns the numbers with an initial at the carrier.
fn texted(plant: &Plant) -> Vec<String> {
    let initials = plant.accepted().into_iter().filter(|message| message.body.starts_with("Hi Ada"));
    initials.map(|message| message.to).collect()
}

/// Returns the contact of the text with this place in the batch; the first is the one that the
/// carrier has.
fn contact_at(place: usize) -> String {
    format!("(select contact_id from message order by id offset {place} limit 1)")
}

async fn count(plant: &Plant, state: &str, reason: &str) -> i64 {
    plant.messages().state(state).reason(reason).count().await
}

/// Changes of one contact each, by its place in the batch, and the reason for which its text is
/// cancelled.
const CONTACTS: [(&str, &str); 5] = [
    ("update contact set opted_out_at = clock_timestamp()", "opted_out"),
    ("update contact set redacted_at = clock_timestamp(), e164 = null", "redacted"),
    ("update contact set line_type = 'landline'", "not_textable"),
    ("update membership set deactivated_at = clock_timestamp()", "deactivated"),
    ("update membership set assigned_agent_id = null", "reassigned"),
];

#[tokio::test]
async fn s9_a_worker_that_stood_still_asks_again_before_each_call() {
    one_at_a_time(8, 5, async |plant| {
        plant.goals().set("strategy", "assigned").await;
        plant.memberships().set("assigned_agent_id", &ID).await;
        let worker = plant.process(Binary::Worker, "worker-1");
        first_is_called(&plant).await;
        worker.pause();
        for (place, (happens, _)) in CONTACTS.iter().enumerate() {
            let key = if happens.contains("update contact ") { "id" } else { "contact_id" };
            let to_one = format!("{happens} where {key} = {}", contact_at(place + 1));
            plant.execute(&[&to_one]).await;
        }
        plant.execute(&[CUT]).await;
        assert_eq!(plant.accepted().len(), 1);
        worker.resume();
        plant.messages().state("cancelled").at_least(5, seconds(40)).await;
        eventually(seconds(40), async || holds(plant.accepted().len() == 3, plant.census().await)).await;
        plant.until_settled(40).await;
        assert_eq!(plant.accepted().len(), 3, "the first and the two to whom nothing happened");
        for (_, reason) in CONTACTS {
            assert_eq!(count(&plant, "cancelled", reason).await, 1, "{reason}");
        }
        worker.stop(seconds(10)).await.unwrap();
    })
    .await;
}

/// Changes for all, and the state and reason of their texts afterwards.
const EVERYBODY: [(&str, &str, &str); 6] = [
    ("update goal set paused_at = clock_timestamp()", "held", "paused"),
    ("update goal set closes_at = clock_timestamp()", "cancelled", "window_closed"),
    ("update brand_cap set daily_segments = 0", "held", "cap"),
    (
        "insert into brand_hold (brand_id, reason, until, code) select id, 'carrier', now() + interval '1 hour', 30022 from brand",
        "held",
        "carrier",
    ),
    // Two hours from now, for a minute.
    (
        "update organization set settings = settings || jsonb_build_object(
             'sending_hours', jsonb_build_object('opens_minute', local.soon, 'closes_minute', local.soon + 1))
         from (select ((extract(hour from it) * 60 + extract(minute from it))::int + 120) % 1380 as soon
               from (select now() at time zone 'America/New_York' as it) now) local",
        "held",
        "hours",
    ),
    // No hours at all in New York.
    (
        r#"update organization set settings = settings || '{"law_strictness": "commercial", "own_laws": {
           "federal": {"opens_minute": 0, "closes_minute": 1440},
           "states": [{"state": "NY", "days": [null, null, null, null, null, null, null], "source": "a test"}]}}'"#,
        "cancelled",
        "no_common_hours",
    ),
];

/// One change, heard or not: the worker has one text at the carrier, and four in hand.
async fn nothing_more_goes(change: &str, state: &str, reason: &str, heard: bool) {
    one_at_a_time(5, 5, async |plant| {
        let worker = plant.worker("worker");
        first_is_called(&plant).await;
        if heard {
            plant.execute(&[change]).await;
        } else {
            plant.execute(&[&format!("do $cut$ begin perform {}; {change}; end $cut$", &CUT["select ".len()..])]).await;
        }
        // Without texts that were just put back, and are about to be decided again.
        let decided = format!(
            "message where state = '{state}' and reason = '{reason}' and (held_until is null or held_until > \
             clock_timestamp())"
        );
        plant.until_count(&decided, 4, seconds(40)).await;
        assert_eq!(plant.accepted().len(), 1, "{reason}");
        worker.stop().await;
    })
    .await;
}

#[tokio::test]
async fn s9_whatever_ends_for_everybody_keeps_back_what_is_in_hand() {
    futures::future::join_all(EVERYBODY.map(|(change, state, reason)| nothing_more_goes(change, state, reason, true)))
        .await;
}

#[tokio::test]
async fn s9_what_could_not_be_heard_is_looked_up_before_each_call() {
    futures::future::join_all(EVERYBODY.map(|(change, state, reason)| nothing_more_goes(change, state, reason, false)))
        .await;
}

/// An api with an account admin's token.
struct Admin {
    api: Daemon,
    http: reqwest::Client,
}

impl Admin {
    async fn of(plant: &Plant) -> Self {
        let api = plant.daemon("api", |mut settings, stop| {
            settings.carrier.public_url = format!("http://{}", settings.process.listen);
            muster_api::run(settings, stop)
        });
        let admin = Uuid::now_v7();
        plant
            .execute(&[
                r#"update goal set release_plan = '{"pace": "all_at_open"}'"#,
                &format!(
                    "insert into member (id, account_id, role, first_name, last_name) values ('{admin}', '{ID}', 'account_admin', 'A', 'B')"
                ),
                &format!("insert into token (id, member_id, secret_hash) values ('{admin}', '{admin}', sha256('secret'::bytea))"),
            ])
            .await;
        api.ready().await;
        Self { api, http: reqwest::Client::new() }
    }

    async fn act(&self, path: &str) {
        let url = format!("{}/v1/organizations/{ID}/{path}", self.api.url());
        let answer = self.http.request(Method::POST, url).bearer_auth("secret").send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    }

    /// A contact says STOP.
    async fn stop(&self, from: &str) {
        let path = "/v1/webhooks/twilio/inbound";
        let url = format!("{}{path}", self.api.url());
        let sid = format!("SM{}", Uuid::now_v7().simple());
        let form = [("MessageSid", sid.as_str()), ("From", from), ("To", "+12125550000"), ("Body", "STOP")];
        let form = form.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let signature = muster_carrier::twilio::sign(&SecretString::from(CARRIER_SECRET), &url, &form);
        let request = self.http.post(&url).header("x-twilio-signature", signature).form(&form);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    }
}

/// Rounds of the test below, on texts that keep coming.
const ROUNDS: usize = 12;
const MESSAGES: u32 = 600;

#[tokio::test]
async fn s9_when_a_pause_is_answered_nothing_more_goes() {
    Plant::singles(MESSAGES, 100_000)
        .run(async |plant| {
            plant.set("carrier_concurrency", "2");
            let latency_ms = Millis { min: 100, max: 200 };
            plant.carrier().set_behaviour(silent(Behaviour { latency_ms, ..Behaviour::default() })).unwrap();
            let admin = Admin::of(&plant).await;
            let worker = plant.worker("worker");
            let goal = format!("goals/{ID}");
            for round in 0..ROUNDS {
                let before = plant.accepted().len();
                eventually(seconds(40), async || holds(plant.accepted().len() >= before + 5, plant.census().await))
                    .await;
                admin.act(&format!("{goal}/pause")).await;
                let answered = plant.accepted().len();
                eventually(seconds(40), async || {
                    let left = in_hand(&plant).count().await;
                    holds(left == 0, (left, plant.census().await))
                })
                .await;
                assert_eq!(plant.accepted().len(), answered, "after the answer of round {round}");
                plant.messages().state("held").reason("paused").at_least(1, seconds(40)).await;
                admin.act(&format!("{goal}/resume")).await;
            }
            admin.act(&format!("{goal}/close")).await;
            let answered = plant.accepted().len();
            plant.until_settled(60).await;
            assert_eq!(plant.accepted().len(), answered, "after the goal was closed");
            // One statement makes sure of many texts with calls that take for longer than knowledge
            // counts.
            let (proofs, looks) = (checks(&worker, "proof").await, checks(&worker, "look").await);
            assert!(proofs > 0.0 && proofs + looks < f64::from(MESSAGES), "{proofs} proofs, {looks} looks");
            worker.stop().await;
            admin.api.stop().await;
        })
        .await;
}

async fn checks(worker: &Daemon, by: &str) -> f64 {
    worker.metric("muster_call_checks_total", &format!("by=\"{by}\"")).await
}

#[tokio::test]
async fn s9_whose_stop_is_answered_is_not_texted_though_no_worker_hears_of_it() {
    one_at_a_time(6, 6, async |plant| {
        let admin = Admin::of(&plant).await;
        let worker = plant.worker("worker");
        first_is_called(&plant).await;
        let mut said_stop = Vec::new();
        for place in 1..5 {
            let number: String = plant.contacts().and(&format!("id = {}", contact_at(place))).the("e164").await;
            plant.execute(&[CUT]).await;
            admin.stop(&number).await;
            said_stop.push(number);
        }
        assert_eq!(texted(&plant).len(), 1, "all have said so before the first text is over");
        plant.messages().state("cancelled").reason("opted_out").at_least(4, seconds(40)).await;
        eventually(seconds(40), async || holds(texted(&plant).len() == 2, plant.census().await)).await;
        plant.until_settled(40).await;
        let texted = texted(&plant);
        assert!(said_stop.iter().all(|number| !texted.contains(number)), "{texted:?} of {said_stop:?}");
        worker.stop().await;
        admin.api.stop().await;
    })
    .await;
}
