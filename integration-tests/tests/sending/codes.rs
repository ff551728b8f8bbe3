//! Effects of the carrier's refusals on texts, contacts and brands, through the whole stack
//! (rules S3, S6 and S7).

use muster_integration_tests::{eventually, now, seconds};
use muster_simulator::Behaviour;
use muster_storage::testing::plant::QUEUE_JOBS;

use crate::plant::{Plant, silent};

/// Meaning of a refusal for the contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    NotTextable,
    Invalid,
    OptedOut,
    Nothing,
}

/// Codes after which a text never goes again.
const FINAL: [(u32, Says); 8] = [
    (21_211, Says::Invalid),
    (21_610, Says::OptedOut),
    (21_614, Says::NotTextable),
    (21_635, Says::NotTextable),
    (30_004, Says::Nothing),
    (30_006, Says::NotTextable),
    (30_007, Says::Nothing),
    // A code that nobody knows.
    (39_999, Says::Nothing),
];

/// Refuses every text, each number with one of these codes.
fn refuse(plant: &Plant, codes: &[u32]) {
    // A slow machine makes no text unknown.
    plant.set("carrier_timeout_ms", "60000");
    plant.set("reconcile_after_seconds", "240");
    let refusing = Behaviour { permanent_error: 1.0, permanent_codes: codes.to_vec(), ..Behaviour::default() };
    plant.carrier().set_behaviour(silent(refusing)).unwrap();
}

/// The carrier takes everything from now on.
fn accept(plant: &Plant) {
    plant.carrier().set_behaviour(silent(Behaviour::default())).unwrap();
}

/// Returns how often the carrier has refused a text with this code; at least once.
#[track_caller]
fn refused(plant: &Plant, code: u32) -> i64 {
    let refused = plant.carrier().stats().refused.get(&code).copied().unwrap_or_default();
    assert!(refused > 0, "nothing was refused with {code}");
    i64::try_from(refused).unwrap()
}

/// Lets the time pass for which texts are held, until so many rows are there.
async fn time_passes_until(plant: &Plant, from: &str, rows: i64) {
    let pass = [
        "update message set held_until = clock_timestamp() where state = 'held' and held_until > \
             clock_timestamp()",
        "update timer set fire_at = clock_timestamp() where kind = 'hold-ends' and fire_at > \
             clock_timestamp()",
    ];
    eventually(seconds(40), async || {
        plant.execute(&pass).await;
        let seen = plant.count(from).await;
        if seen == rows { Ok(()) } else { Err(format!("{seen} of {rows} {from}; {}", plant.census().await)) }
    })
    .await;
}

#[tokio::test]
async fn s7_what_is_refused_for_good_marks_the_contact_and_never_goes_again() {
    Plant::start(60, 1_000)
        .run(async |plant| {
            refuse(&plant, &FINAL.map(|(code, _)| code));
            plant.execute(&["update thread set unread_since = now()"]).await;
            let worker = plant.worker("worker");
            plant.until_settled(40).await;
            assert_eq!(plant.messages().state("failed").is("send_attempts", 1).count().await, 60);
            let (mut not_textable, mut out, mut others) = (0, 0, 0);
            for (code, says) in FINAL {
                let texts = refused(&plant, code);
                let (marked, count) = match says {
                    Says::NotTextable => ("line_type = 'landline' and looked_up_at is not null", &mut not_textable),
                    Says::Invalid => ("line_type = 'invalid' and looked_up_at is not null", &mut not_textable),
                    Says::OptedOut => (
                        "opted_out_at is not null and line_type not in ('landline', \
                     'invalid')",
                        &mut out,
                    ),
                    Says::Nothing => (
                        "opted_out_at is null and line_type not in ('landline', \
                     'invalid')",
                        &mut others,
                    ),
                };
                *count += texts;
                let failed = format!(
                    "message m join contact c on c.id = m.contact_id where m.error_code = {code} and \
                     {marked}"
                );
                assert_eq!(plant.count(&failed).await, texts, "{code}");
            }
            assert_eq!(plant.ledgers().is("reserved", 0).is("settled", 0).count().await, 1);

            // Rule I3: threads of opt-outs at the carrier are hidden, and no others.
            let hidden = "thread t join contact c on c.id = t.contact_id where t.unread_since is null";
            assert_eq!(plant.count(hidden).await, out);
            assert_eq!(plant.count(&format!("{hidden} and c.opt_out_origin = 'carrier'")).await, out);

            // The next text to each of them, from a carrier that takes everything.
            accept(&plant);
            let again = "insert into message (id, organization_id, group_id, goal_id, contact_id, thread_id, \
             agent_id, kind, state, body, encoding,
             segments, send_job_id)
         select uuid_v7(), m.organization_id, m.group_id, m.goal_id, m.contact_id, m.thread_id, m.agent_id, m.kind, 'queued',
             'Again: ' || m.body, m.encoding, m.segments, j.id
         from message m, seed_job j";
            plant.execute(&["update seed_job set id = uuid_v7()", again, QUEUE_JOBS]).await;
            plant.until_settled(40).await;
            let cancelled = async |reason: &str| plant.messages().state("cancelled").reason(reason).count().await;
            assert_eq!((cancelled("not_textable").await, cancelled("opted_out").await), (not_textable, out));
            assert_eq!(i64::try_from(plant.accepted().len()).unwrap(), others);
            assert!(plant.accepted().iter().all(|text| text.body.starts_with("Again")), "what was refused went again");
            worker.stop().await;
        })
        .await;
}

#[tokio::test]
async fn s7_what_may_pass_is_held_and_goes_when_the_carrier_takes_it() {
    const PASSING: [u32; 5] = [429, 20_429, 20_503, 30_001, 30_022];
    Plant::start(24, 1_000)
        .run(async |plant| {
            refuse(&plant, &PASSING);
            let worker = plant.worker("worker");
            let held = "(select distinct message_id from message_event
        where state = 'held' and reason = 'carrier' and held_until is not null and error_code is null) held";
            plant.until_count(held, 24, seconds(30)).await;
            for code in PASSING {
                refused(&plant, code);
            }
            assert!(plant.accepted().is_empty());
            accept(&plant);
            time_passes_until(&plant, "message where state = 'sent'", 24).await;
            assert_eq!(plant.accepted().len(), 24);
            let clean =
                plant.messages().above("send_attempts", 1).lacks("error_code").lacks("reason").lacks("held_until");
            assert_eq!(clean.count().await, 24);
            assert_eq!(
                plant.count("contact where opted_out_at is not null or line_type in ('landline', 'invalid')").await,
                0
            );
            plant.settles().await;
            worker.stop().await;
        })
        .await;
}

#[tokio::test]
async fn s7_what_is_doubtful_is_tried_a_few_times_and_then_fails() {
    Plant::start(12, 1_000)
        .run(async |plant| {
            refuse(&plant, &[30_003, 30_008]);
            let worker = plant.worker("worker");
            time_passes_until(&plant, "message where state = 'failed'", 12).await;
            for (code, hand_overs) in [(30_003, 3), (30_008, 2)] {
                let texts = plant.messages().is("error_code", code).count().await;
                let tried = plant.messages().is("error_code", code).is("send_attempts", hand_overs);
                assert_eq!(tried.count().await, texts, "{code}");
                assert_eq!(refused(&plant, code), hand_overs * texts, "{code}");
            }
            assert_eq!(
                plant.count("contact where opted_out_at is not null or line_type in ('landline', 'invalid')").await,
                0
            );
            assert_eq!(plant.ledgers().is("reserved", 0).is("settled", 0).count().await, 1);
            worker.stop().await;
        })
        .await;
}

/// When the carrier's day turns, the hours are closed for a minute: texts that the carrier's cap
/// holds wait for both, and say so.
#[tokio::test]
async fn s7_what_is_refused_at_the_carriers_cap_waits_for_the_next_day_and_its_hours() {
    Plant::start(8, 1_000)
        .run(async |plant| {
            plant
                .execute(&[
                    "update contact_group set zone = 'America/Los_Angeles'",
                    r#"update organization set settings = settings ||
                        '{"recipient_safe": false, "sending_hours": {"opens_minute": 1, "closes_minute": 1440}}'"#,
                ])
                .await;
            refuse(&plant, &[30_023, 30_027]);
            let worker = plant.worker("worker");
            let tomorrow = |interval: &str| {
                format!(
                    "(date_trunc('day', handed_over_at at time zone 'America/Los_Angeles') + interval '{interval}')
                 at time zone 'America/Los_Angeles'"
                )
            };
            let held = plant
                .messages()
                .state("held")
                .reason("cap")
                .and(&format!("held_until = {}", tomorrow("1 day 1 minute")));
            held.at_least(8, seconds(30)).await;
            assert_eq!(refused(&plant, 30_023) + refused(&plant, 30_027), 8);
            let brand = plant
                .brand_holds()
                .reason("cap")
                .and(&format!("until = (select {} from message limit 1)", tomorrow("1 day")));
            assert_eq!(brand.count().await, 1);
            assert_eq!(plant.ledgers().is("reserved", 0).is("settled", 0).count().await, 1);

            accept(&plant);
            plant.brand_holds().set("until", now()).await;
            time_passes_until(&plant, "message where state = 'sent'", 8).await;
            assert_eq!(plant.accepted().len(), 8);
            worker.stop().await;
        })
        .await;
}

#[tokio::test]
async fn s7_nothing_more_is_handed_over_when_the_carrier_has_stopped_the_account() {
    Plant::start(4, 1_000)
        .run(async |plant| {
            refuse(&plant, &[30_002]);
            let worker = plant.worker("worker");
            plant.brand_holds().reason("carrier").lacks("until").is("code", 30002).at_least(1, seconds(30)).await;
            // Their time comes and goes: only an admin can end it.
            let waits =
                "message where state = 'held' and reason = 'carrier' and held_until is null and send_attempts = 1";
            time_passes_until(&plant, waits, 4).await;
            assert_eq!(refused(&plant, 30_002), 4);
            worker.stop().await;
        })
        .await;
}
