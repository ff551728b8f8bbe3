//! Every setting that a waiting thing waits for moves it when it changes (rules B6 and S9), and
//! texts are estimated in one way (rules M5 and S11).

use muster_integration_tests::{Call, Organization, World, open_goal, text};
use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::hours::closed_hour;

/// Reasons for which texts are held until an instant.
const REASONS: [&str; 6] = ["not_open", "hours", "cap", "carrier", "frequency", "rate"];
/// Conditions that held batches wait for.
const WAITS: [&str; 3] = ["pace", "hours", "cap"];

/// An organization in which something waits for each reason, for years. No daemon runs: moved rows
/// stay to be seen.
struct Waiting {
    world: World,
    ours: Organization,
}

impl Waiting {
    async fn begin(world: World) -> Self {
        let ours = world.organization("Ours").await;
        let group = ours.group("One").await;
        let mut plant = Vec::new();
        for waits in WAITS {
            let goal = ours.draft(&group, open_goal(&world, json!({ "name": waits })).await).await;
            ours.goal_act(&goal, "launch").await;
            plant.push(format!("update goal set partitioned_at = now() where id = '{goal}'"));
            plant.push(format!(
                "insert into goal_estimate (goal_id, segments_each, release_waits_for) values ('{goal}', 1, '{waits}')"
            ));
            plant.push(format!(
                "insert into timer (kind, subject, fire_at, organization_id) values ('batch-release', '{goal}', '2100-01-01', '{}')",
                ours.id
            ));
        }
        for reason in REASONS {
            let lane = if reason == "rate" { "'carrier:x'" } else { "null" };
            plant.push(format!(
                "insert into message (id, organization_id, group_id, contact_id, thread_id, kind, state, body, encoding, segments, reason,
                     held_until, lane)
                 values ('{}', '{}', '{group}', '{}', '{}', 'initial', 'held', 'Hi', 'GSM-7', 1, '{reason}', '2100-01-01', {lane})",
                Uuid::now_v7(),
                ours.id,
                Uuid::now_v7(),
                Uuid::now_v7(),
            ));
        }
        let plant: Vec<&str> = plant.iter().map(String::as_str).collect();
        world.execute(&plant).await;
        Self { world, ours }
    }

    /// Puts everything back to where it waits for years.
    async fn wait_again(&self) {
        self.world
            .execute(&[
                "update message set held_until = '2100-01-01'",
                "update timer set fire_at = '2100-01-01' where kind = 'batch-release'",
                "delete from job_unique",
                "update job set state = 'cancelled' where state = 'pending'",
            ])
            .await;
    }

    /// Returns the due rows, in words: held texts by reason, `batches.` by the condition that they
    /// wait for, and `lanes`.
    async fn moved(&self) -> BTreeSet<String> {
        let moved: Vec<String> = self
            .world
            .row(
                "select coalesce(json_agg(what), '[]') from (
                     select reason as what from message where held_until <= clock_timestamp()
                     union all
                     select 'batches.' || g.name from timer t join goal g on g.id = t.subject
                     where t.kind = 'batch-release' and t.fire_at <= clock_timestamp()
                     union all
                     select 'lanes' from job where kind = 'rate-release' and state = 'pending'
                     union all
                     select 'batches.' || g.name from job j join goal g on g.id::text = j.payload ->> 'goal_id'
                     where j.kind = 'batch-release' and j.state = 'pending'
                 ) all_of_it",
            )
            .await;
        let texts = moved.iter().any(|what| REASONS.contains(&what.as_str()));
        let jobs = self.world.jobs().kind("hold-release").state("pending").count().await;
        assert_eq!(texts, jobs > 0, "a job queues the texts that are due");
        moved.into_iter().collect()
    }
}

#[tokio::test]
async fn b6_each_setting_moves_what_waits_for_it_and_nothing_else() {
    World::with_api()
        .run(async |world| {
            let waiting = Waiting::begin(world).await;
            let ours = &waiting.ours;
            let hold = format!(
                "insert into brand_hold (brand_id, reason, until, code) select brand_id, 'carrier', null, 30002 from \
             organization where id = '{}'",
                ours.id
            );
            waiting.world.execute(&[&hold]).await;
            let hours = "not_open hours cap frequency batches.hours batches.cap";
            let laws = json!({ "laws": { "federal": { "opens_minute": 480, "closes_minute": 1_200 }, "states": [] } });
            let patch = |settings: Value| (Method::PATCH, ours.path.clone(), Some(settings));
            let put = |path: &str, body: Value| (Method::PUT, ours.at(path), Some(body));
            let day = json!({ "sending_hours": { "opens_minute": 480, "closes_minute": 1_200 } });
            let mut wrong = Vec::new();
            for ((method, path, body), wanted) in [
                (patch(day.clone()), hours),
                (patch(day), ""),
                (patch(json!({ "recipient_safe": true })), hours),
                (patch(json!({ "law_strictness": "commercial" })), hours),
                (put("laws", laws), hours),
                (put("laws", json!({ "laws": null })), hours),
                (patch(json!({ "replies_at_any_hour": false })), hours),
                (put("caps", json!({ "daily_segments": 5 })), "cap batches.hours batches.cap"),
                (put("caps", json!({ "daily_segments": null })), "cap batches.hours batches.cap"),
                (patch(json!({ "unknown_carriers": "unlimited" })), "cap lanes"),
                (patch(json!({ "lookup_max_age_days": 3 })), "cap lanes"),
                (patch(json!({ "number_segments_per_minute": 30 })), "lanes"),
                (put("rates", json!({ "carrier": "att", "segments_per_minute": 75 })), "lanes"),
                (patch(json!({ "initials_per_day": 2 })), "frequency"),
                (patch(json!({ "initials_per_day": 0 })), "frequency"),
                (patch(json!({ "smart_encoding": true })), "batches.pace batches.hours batches.cap"),
                ((Method::DELETE, ours.at("hold"), None), "carrier cap"),
                ((Method::DELETE, ours.at("hold"), None), ""),
                (patch(json!({ "batch_size": 7 })), ""),
                (patch(json!({ "lease_minutes": 7 })), ""),
                (patch(json!({ "response_window_minutes": 7 })), ""),
                (patch(json!({ "max_segments": 7 })), ""),
                (patch(json!({ "carrier_lookups": false })), ""),
                (patch(json!({ "opt_out_text": "Bye" })), ""),
                (patch(json!({ "initials_per_day": 3, "unknown_carriers": "strictest" })), "frequency cap lanes"),
            ] {
                waiting.wait_again().await;
                let what = format!("{method} {path} {body:?}");
                let call = body.map_or_else(Call::empty, |body| Call::json(&body));
                ours.admin.call(method, &path, call).await.ok();
                let moved = waiting.moved().await;
                if moved != wanted.split_whitespace().map(str::to_owned).collect() {
                    wrong.push(format!("{what} moved {moved:?}, not {wanted:?}"));
                }
            }
            assert!(wrong.is_empty(), "{wrong:#?}");
        })
        .await;
}

/// A brand's hold until an instant, after which the hours had to open: other hours, another
/// instant.
#[tokio::test]
async fn s9_what_waits_behind_a_carriers_hold_follows_the_hours_and_the_hold_stays() {
    World::with_api()
        .run(async |world| {
            let waiting = Waiting::begin(world).await;
            let hold = format!(
                "insert into brand_hold (brand_id, reason, until, code) select brand_id, 'carrier', '2090-01-01', \
             30022 from organization where id = '{}'",
                waiting.ours.id
            );
            waiting.world.execute(&[&hold]).await;
            waiting.ours.set(json!({ "sending_hours": { "opens_minute": 480, "closes_minute": 1_200 } })).await;
            let at_its_end = waiting.world.messages().reason("carrier").is("held_until", "2090-01-01");
            assert_eq!(at_its_end.count().await, 1);
            assert_eq!(waiting.world.timers().kind("hold-ends").is("fire_at", "2090-01-01").count().await, 1);
        })
        .await;
}

/// Returns a group in Honolulu at a time at which it is closed, with three contacts in batches of
/// one, and a launched goal.
async fn closed(world: &World, plan: Value) -> (Organization, String) {
    let ours = world.organization("Ours").await;
    let group = ours.group_in("Oahu", "Pacific/Honolulu").await;
    let (hours, _) = closed_hour(world.now().await);
    ours.set(json!({ "batch_size": 1, "sending_hours": hours })).await;
    ours.contacts(&group, 3).await;
    let goal = ours.draft(&group, open_goal(world, plan).await).await;
    ours.goal_act(&goal, "launch").await;
    world.estimates().is("release_waits_for", "hours").until(1).await;
    (ours, goal)
}

const ALL_DAY: (u32, u32) = (0, 1_440);

fn sending_hours((opens, closes): (u32, u32)) -> Value {
    json!({ "sending_hours": { "opens_minute": opens, "closes_minute": closes } })
}

#[tokio::test]
async fn b6_wider_hours_release_batches_that_wait_for_the_morning() {
    World::with_engine()
        .run(async |world| {
            let (ours, goal) = closed(&world, json!({})).await;
            let released = world.batches().goal(&goal).state("released");
            assert_eq!(released.count().await, 0);
            ours.set(sending_hours(ALL_DAY)).await;
            released.until(3).await;
        })
        .await;
}

/// The plan's interval is no matter of hours: nothing is released ahead of its time.
#[tokio::test]
async fn b6_wider_hours_release_the_next_batches_of_a_plan_and_the_interval_stays() {
    let plan = json!({ "release_plan": { "pace": { "every": { "batches": 1, "minutes": 720 } } } });
    World::with_engine()
        .run(async |world| {
            let (ours, goal) = closed(&world, plan).await;
            let released = world.batches().goal(&goal).state("released");
            ours.set(sending_hours(ALL_DAY)).await;
            released.until(1).await;
            world.estimates().is("release_waits_for", "pace").until(1).await;
            let timer: Value = world.timers().kind("batch-release").list("fire_at", "fire_at").await;
            for hours in [(0, 1_439), ALL_DAY] {
                ours.set(sending_hours(hours)).await;
                world.settled().await;
            }
            assert_eq!(released.count().await, 1);
            let still: Value = world.timers().kind("batch-release").list("fire_at", "fire_at").await;
            assert_eq!(still, timer);
        })
        .await;
}

/// Rule S6: a text that was cancelled because the goal closes before the hours open can go after
/// all when they are wider.
#[tokio::test]
async fn s9_wider_hours_give_back_whom_the_night_would_have_cost_the_goal() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group_in("Oahu", "Pacific/Honolulu").await;
            let (agent, _) = ours.agent(&group).await;
            ours.contacts(&group, 2).await;
            let goal = ours.open_goal(&world, &group, json!({})).await;
            let gate = world.close_publish_gate().await;
            crate::rates::send_all(&agent.client, &goal).await;
            // Two hours off, when the goal is closed.
            let (hours, opens) = closed_hour(world.now().await);
            let closes =
                format!("update goal set closes_at = '{}'::timestamptz - interval '10 minutes'", opens.to_rfc3339());
            world.execute(&[&closes]).await;
            ours.set(json!({ "sending_hours": hours })).await;
            gate.open().await;
            world.messages().state("cancelled").reason("window_closed").until(2).await;
            ours.set(sending_hours(ALL_DAY)).await;
            world.targets().lacks("initial_message_id").until(2).await;
            world.batches().state("released").until(1).await;
            crate::rates::send_all(&agent.client, &goal).await;
            world.messages().state("delivered").until(2).await;
        })
        .await;
}

#[tokio::test]
async fn m5_preview_forecast_and_release_count_a_scripts_texts_alike() {
    World::with_moved_clock()
        .run(async |world| {
            world.at_the_carriers_noon().await;
            let ours = world.organization("Ours").await;
            ours.set(json!({ "batch_size": 1 })).await;
            let group = ours.group("One").await;
            ours.agent(&group).await;
            ours.contacts(&group, 4).await;
            // A curly quote makes it two segments, and none are left where it is replaced.
            let script = format!("Hi {{{{first_name}}}}, don’t forget{} Reply STOP to opt out", "!".repeat(50));
            for (smart, each, released) in [(true, 1, 4), (false, 2, 2)] {
                ours.set(json!({ "smart_encoding": smart })).await;
                ours.admin.put(&ours.at("caps"), json!({ "daily_segments": 4 })).await.ok();
                let plan = json!({ "script": script });
                let goal = ours.draft(&group, open_goal(&world, plan).await).await;
                let read = async |what: &str| ours.admin.get(&ours.at(&format!("goals/{goal}/{what}"))).await.ok();
                let preview = read("preview").await;
                assert_eq!(
                    (&preview["sample"]["segments"], &preview["segments"]),
                    (&json!(each), &json!(4 * each)),
                    "{preview}"
                );
                let told = read("forecast").await;
                assert_eq!(told["reached"], 4 / each, "what fits into this day: {told}");
                ours.goal_act(&goal, "launch").await;
                world.batches().goal(&goal).state("released").until(released).await;
                world.settled().await;
                assert_eq!(world.batches().goal(&goal).state("released").count().await, released);
                // The other one's outstanding texts count no more.
                ours.goal_act(&goal, "close").await;
                world.settled().await;
            }
        })
        .await;
}

/// Rule B6: the segments that a changed count frees or takes of the day are seen in batches that
/// wait for the cap.
#[tokio::test]
async fn b6_smart_encoding_releases_batches_that_fit_with_it() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "batch_size": 1 })).await;
            let group = ours.group("One").await;
            ours.agent(&group).await;
            ours.contacts(&group, 4).await;
            ours.admin.put(&ours.at("caps"), json!({ "daily_segments": 4 })).await.ok();
            let script = format!("Hi {{{{first_name}}}}, don’t forget{} Reply STOP to opt out", "!".repeat(50));
            let goal = ours.draft(&group, open_goal(&world, json!({ "script": script })).await).await;
            ours.goal_act(&goal, "launch").await;
            let released = world.batches().goal(text(&json!(goal))).state("released");
            released.until(2).await;
            world.estimates().is("release_waits_for", "cap").until(1).await;
            ours.set(json!({ "smart_encoding": true })).await;
            released.until(4).await;
        })
        .await;
}
