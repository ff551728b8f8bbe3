//! Nights on which clocks change, by moving the database's clock through them: in New York, and in
//! Phoenix and Honolulu, where they do not (rules G4, G10, G11, B3, B6, W3, W6, S3 and S5).

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use muster_integration_tests::{Client, Organization, Rows, World, goal_at, text};
use serde_json::{Value, json};

use crate::rates::send_all;

pub(crate) const ZONES: [&str; 3] = ["America/New_York", "America/Phoenix", "Pacific/Honolulu"];

/// The time before an instant at which it has not come. The clock goes on meanwhile, so this is
/// longer than a slow machine takes to look.
pub(crate) const BEFORE: TimeDelta = TimeDelta::minutes(5);

pub(crate) fn at(instant: &str) -> DateTime<Utc> {
    instant.parse().unwrap()
}

/// A group of each zone, each with an agent and the same contacts.
pub(crate) struct Places {
    pub(crate) world: World,
    pub(crate) ours: Organization,
    pub(crate) places: Vec<Place>,
}

pub(crate) struct Place {
    pub(crate) zone: &'static str,
    pub(crate) group: String,
    pub(crate) agent: Client,
    pub(crate) number: String,
}

impl Places {
    /// Opens them at this instant.
    pub(crate) async fn open(world: World, now: &str, contacts: usize) -> Self {
        world.set_clock(at(now)).await;
        let ours = world.organization("Ours").await;
        ours.set(json!({ "batch_size": 1 })).await;
        let mut places = Vec::new();
        for zone in ZONES {
            let group = ours.group_in(zone, zone).await;
            let (agent, number) = ours.agent(&group).await;
            ours.contacts(&group, contacts).await;
            places.push(Place { zone, group, agent: agent.client, number });
        }
        Self { world, ours, places }
    }

    /// Launches a goal with these local times at each place; returns their ids.
    pub(crate) async fn launch(&self, opens: &str, closes: &str, more: Value) -> Vec<String> {
        let mut goals = Vec::new();
        for place in &self.places {
            let goal = self.ours.draft(&place.group, goal_at(opens, closes, more.clone())).await;
            self.ours.goal_act(&goal, "launch").await;
            self.world.goals().id(&goal).has("partitioned_at").until(1).await;
            goals.push(goal);
        }
        self.world.settled().await;
        goals
    }

    /// Moves the clock there, never back, and waits until all is done that is due.
    pub(crate) async fn come_to(&self, instant: DateTime<Utc>) {
        self.world.set_clock(instant.max(self.world.now().await)).await;
        self.world.timers().and("fire_at <= clock_timestamp()").until(0).await;
        self.world.settled().await;
    }

    pub(crate) fn released(&self, goal: &str) -> Rows {
        self.world.batches().goal(goal).kind("initial").not("state", "held")
    }
}

/// Rules G4 and G11: goals that open and close at times that do not exist, or exist twice.
async fn opens_and_closes(world: World, before: &str, local: [&str; 2], instants: [[&str; 2]; 3]) {
    let places = Places::open(world, before, 1).await;
    let goals = places.launch(local[0], local[1], json!({})).await;
    let calendar = format!("calendar?from={}&to={}", &local[0][..10], &local[0][..10]);
    let calendar = places.ours.admin.get(&places.ours.at(&calendar)).await.ok();
    for ((place, goal), [opens, closes]) in places.places.iter().zip(&goals).zip(instants) {
        let named = |kind: &str| {
            let entries = calendar["entries"].as_array().unwrap();
            let entry = entries.iter().find(|entry| entry["kind"] == kind && entry["goal_id"] == **goal).unwrap();
            (at(entry["at"].as_str().unwrap()), text(&entry["local"]))
        };
        assert_eq!(named("opens"), (at(opens), local[0].to_owned()), "{}", place.zone);
        assert_eq!(named("closes"), (at(closes), local[1].to_owned()), "{}", place.zone);
        let claim = format!("/v1/agent/goals/{goal}/claim");
        let initial = json!({ "workflow": "initial" });
        places.come_to(at(opens) - BEFORE).await;
        assert_eq!(places.ours.goal(goal).await["status"], "scheduled", "{}", place.zone);
        place.agent.post(&claim, initial.clone()).await.problem(409, "conflict");
        assert_eq!(places.released(goal).count().await, 0);
        places.come_to(at(opens)).await;
        assert_eq!(places.ours.goal(goal).await["status"], "active", "{}", place.zone);
        places.released(goal).until(1).await;
        places.come_to(at(closes) - BEFORE).await;
        assert_eq!(places.ours.goal(goal).await["status"], "active", "{}", place.zone);
        places.come_to(at(closes)).await;
        assert_eq!(places.ours.goal(goal).await["status"], "completed", "{}", place.zone);
        place.agent.post(&claim, initial).await.problem(409, "conflict");
    }
}

#[tokio::test]
async fn g11_goals_open_after_a_gap_and_close_on_the_clock_of_the_group() {
    World::with_moved_clock()
        .run(async |world| {
            let local = ["2027-03-14T02:30:00", "2027-03-14T04:00:00"];
            let instants = [
                ["2027-03-14T07:00:00Z", "2027-03-14T08:00:00Z"],
                ["2027-03-14T09:30:00Z", "2027-03-14T11:00:00Z"],
                ["2027-03-14T12:30:00Z", "2027-03-14T14:00:00Z"],
            ];
            opens_and_closes(world, "2027-03-13T12:00:00Z", local, instants).await;
        })
        .await;
}

#[tokio::test]
async fn g11_goals_open_at_the_first_of_two_times_and_close_on_the_clock_of_the_group() {
    World::with_moved_clock()
        .run(async |world| {
            let local = ["2027-11-07T01:30:00", "2027-11-07T02:30:00"];
            let instants = [
                ["2027-11-07T05:30:00Z", "2027-11-07T07:30:00Z"],
                ["2027-11-07T08:30:00Z", "2027-11-07T09:30:00Z"],
                ["2027-11-07T11:30:00Z", "2027-11-07T12:30:00Z"],
            ];
            opens_and_closes(world, "2027-11-06T12:00:00Z", local, instants).await;
        })
        .await;
}

/// Rule B6: each half hour is a half hour on the clock on the wall or not, and each tick of an
/// expression comes once. The ticks are those of each zone.
async fn releases(world: World, before: &str, day: &str, cron: &str, ticks: [[&str; 2]; 3]) {
    let places = Places::open(world, before, 6).await;
    let local = [format!("{day}T00:10:00"), format!("{day}T06:00:00")];
    let plan = |pace: Value| json!({ "release_plan": { "pace": pace, "paced_to_caps": false } });
    let every = plan(json!({ "every": { "batches": 1, "minutes": 30 } }));
    let every = places.launch(&local[0], &local[1], every).await;
    let cron = plan(json!({ "cron": { "batches": 1, "cron": cron } }));
    let cron = places.launch(&local[0], &local[1], cron).await;
    let last: DateTime<Utc> = places.world.row("select to_json(max(closes_at)) from goal").await;
    let mut released: BTreeMap<&str, Vec<DateTime<Utc>>> = BTreeMap::new();
    // From one thing that is due to the next, in all zones.
    for _ in 0..100 {
        let next = "select to_json(min(fire_at)) from timer where kind in ('goal-opens', 'batch-release')";
        let Some(next) = places.world.row::<Option<DateTime<Utc>>>(next).await.filter(|next| *next <= last) else {
            break;
        };
        places.come_to(next).await;
        for goal in every.iter().chain(&cron) {
            let (count, known) = (places.released(goal).count().await, released.entry(goal).or_default());
            assert!(count - i64::try_from(known.len()).unwrap() <= 1, "{goal}: {count} at {next}, after {known:?}");
            known.resize(usize::try_from(count).unwrap(), next);
        }
    }
    for (nth, zone) in ZONES.into_iter().enumerate() {
        assert_eq!(released[&*cron[nth]], ticks[nth].map(at), "{zone}");
        let half_hours = &released[&*every[nth]];
        let opens: DateTime<Utc> = places.world.goals().id(&every[nth]).the("opens_at").await;
        assert_eq!((half_hours.len(), half_hours[0]), (6, opens), "{zone}");
        for pair in half_hours.windows(2) {
            let late = pair[1] - pair[0] - TimeDelta::minutes(30);
            // An instant here is that of a look, for one zone's release: on a slow machine another
            // zone's is seen by it too.
            assert!(late > TimeDelta::seconds(-5) && late < TimeDelta::minutes(10), "{zone}: {half_hours:?}");
        }
    }
}

#[tokio::test]
async fn b6_batches_are_released_by_minutes_and_by_ticks_through_a_night_that_loses_an_hour() {
    World::with_moved_clock()
        .run(async |world| {
            let ticks = [
                // 02:30 does not exist: the first instant after the gap.
                ["2027-03-14T06:30:00Z", "2027-03-14T07:00:00Z"],
                ["2027-03-14T08:30:00Z", "2027-03-14T09:30:00Z"],
                ["2027-03-14T11:30:00Z", "2027-03-14T12:30:00Z"],
            ];
            releases(world, "2027-03-13T12:00:00Z", "2027-03-14", "30 1,2 * * *", ticks).await;
        })
        .await;
}

#[tokio::test]
async fn b6_batches_are_released_by_minutes_and_by_ticks_through_a_night_that_has_an_hour_twice() {
    World::with_moved_clock()
        .run(async |world| {
            let ticks = [
                // 01:30 comes twice: the first.
                ["2027-11-07T05:30:00Z", "2027-11-07T07:30:00Z"],
                ["2027-11-07T08:30:00Z", "2027-11-07T09:30:00Z"],
                ["2027-11-07T11:30:00Z", "2027-11-07T12:30:00Z"],
            ];
            releases(world, "2027-11-06T12:00:00Z", "2027-11-07", "30 1,2 * * *", ticks).await;
        })
        .await;
}

/// Rule S5: a text that is written in the evening waits for eight in the morning of its place.
async fn morning(world: World, evening: &str, closes: &str, written: [&str; 3], goes: [&str; 3]) {
    let places = Places::open(world, &format!("{evening}T12:00:00Z"), 1).await;
    let (world, ours) = (&places.world, &places.ours);
    let goals = places.launch(&format!("{evening}T10:00:00"), &format!("{closes}T10:00:00"), json!({})).await;
    ours.set(json!({ "sending_hours": { "opens_minute": 480, "closes_minute": 1_200 } })).await;
    let mut batches = Vec::new();
    for ((place, goal), written) in places.places.iter().zip(&goals).zip(written) {
        places.come_to(at(written) - TimeDelta::minutes(20)).await;
        let batch = place.agent.claim(goal, "initial").await;
        assert!(!batch.is_null(), "{}", place.zone);
        places.come_to(at(written)).await;
        place.agent.send(&batch).await.ok();
        world.messages().goal(goal).state("held").reason("hours").until(1).await;
        batches.push(batch);
    }
    for ((place, goal), goes) in places.places.iter().zip(&goals).zip(goes) {
        let text = world.messages().goal(goal);
        let until: DateTime<Utc> = text.the("held_until").await;
        assert_eq!(until, at(goes), "{}", place.zone);
        places.come_to(at(goes) - BEFORE).await;
        assert_eq!(world.messages().goal(goal).state("held").count().await, 1, "{}", place.zone);
        places.come_to(at(goes)).await;
        world.messages().goal(goal).state("delivered").until(1).await;
    }
}

#[tokio::test]
async fn s5_hours_open_at_eight_of_the_morning_that_comes_an_hour_sooner() {
    World::with_moved_clock()
        .run(async |world| {
            let written = ["2027-03-14T01:10:00Z", "2027-03-14T03:10:00Z", "2027-03-14T06:10:00Z"];
            let goes = ["2027-03-14T12:00:00Z", "2027-03-14T15:00:00Z", "2027-03-14T18:00:00Z"];
            morning(world, "2027-03-13", "2027-03-15", written, goes).await;
        })
        .await;
}

#[tokio::test]
async fn s5_hours_open_at_eight_of_the_morning_that_comes_an_hour_later() {
    World::with_moved_clock()
        .run(async |world| {
            let written = ["2027-11-07T00:10:00Z", "2027-11-07T03:10:00Z", "2027-11-07T06:10:00Z"];
            let goes = ["2027-11-07T13:00:00Z", "2027-11-07T15:00:00Z", "2027-11-07T18:00:00Z"];
            morning(world, "2027-11-06", "2027-11-08", written, goes).await;
        })
        .await;
}

/// Rule S3: the carrier's day is a day in Los Angeles.
#[tokio::test]
async fn s3_a_cap_holds_for_a_carriers_day_of_23_and_of_25_hours() {
    for (day, next) in
        [("2027-03-14T08:00:00Z", "2027-03-15T07:00:00Z"), ("2027-11-07T07:00:00Z", "2027-11-08T08:00:00Z")]
    {
        World::with_moved_clock()
            .run(async |world| {
                let begins = at(day) - TimeDelta::minutes(30);
                let places = Places::open(world, &begins.to_rfc3339(), 3).await;
                let (world, ours, place) = (&places.world, &places.ours, &places.places[0]);
                ours.admin.put(&ours.at("caps"), json!({ "daily_segments": 1 })).await.ok();
                let end = (at(next) + TimeDelta::days(2)).to_rfc3339();
                let plan = json!({ "release_plan": { "pace": "all_at_open", "paced_to_caps": false } });
                let goal = ours.draft(&place.group, goal_at(&begins.to_rfc3339(), &end, plan)).await;
                ours.goal_act(&goal, "launch").await;
                world.batches().goal(&goal).state("released").until(3).await;
                send_all(&place.agent, &goal).await;
                let held = world.messages().state("held").reason("cap");
                world.messages().state("delivered").until(1).await;
                held.until(2).await;
                // The day that has one text more begins, and holds the last until the next.
                for (texts, turns) in [(2, at(day)), (3, at(next))] {
                    let untils: Vec<DateTime<Utc>> = held.list("held_until", "held_until").await;
                    assert!(untils.iter().all(|until| *until == turns), "{untils:?} is not {turns}");
                    places.come_to(turns - BEFORE).await;
                    assert_eq!(world.messages().state("delivered").count().await, texts - 1);
                    places.come_to(turns).await;
                    world.messages().state("delivered").until(texts).await;
                    world.settled().await;
                }
                let days: i64 = world.ledgers().is("settled", 1).count().await;
                assert_eq!(days, 3);
            })
            .await;
    }
}
