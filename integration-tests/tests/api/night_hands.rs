//! Leases, claims, reminders and schedules through nights on which clocks change (rules B3, W3 and
//! W6, engine promise J11).

use chrono::{DateTime, TimeDelta, Utc};
use muster_integration_tests::{Setup, World, text};
use serde_json::json;

use crate::{
    nights::{BEFORE, Places, ZONES, at},
    rates::send_all,
};

/// Rules B3 and W3: an hour in an agent's hands is an hour, with any clock on the wall.
#[tokio::test]
async fn b3_a_lease_and_a_claim_last_an_hour_through_both_nights() {
    for claimed in ["2027-03-14T06:30:00Z", "2027-11-07T05:45:00Z"] {
        World::with_moved_clock()
            .run(async |world| {
                let claimed = at(claimed);
                let places = Places::open(world, &(claimed - TimeDelta::minutes(30)).to_rfc3339(), 2).await;
                let world = &places.world;
                let bounds =
                    [claimed - TimeDelta::minutes(20), claimed + TimeDelta::hours(8)].map(|at| at.to_rfc3339());
                let goals = places.launch(&bounds[0], &bounds[1], json!({})).await;
                places.come_to(claimed).await;
                let mut hands = Vec::new();
                for (place, goal) in places.places.iter().zip(&goals) {
                    let batch = place.agent.claim(goal, "initial").await;
                    assert!(!batch.is_null(), "{}", place.zone);
                    world.text("+16465550001", &place.number, "Hello").await;
                    world.threads().is("group_id", &place.group).has("unread_since").until(1).await;
                    world.settled().await;
                    let claim = format!("/v1/agent/groups/{}/replies/claim", place.group);
                    let replies = place.agent.act(&claim).await.ok();
                    let until = replies[0]["thread"]["held_until"].as_str().map(at).unwrap();
                    for until in [until, batch["lease_until"].as_str().map_or(until, at)] {
                        let late = until - (claimed + TimeDelta::hours(1));
                        assert!(late >= TimeDelta::zero() && late < TimeDelta::minutes(10), "{} {late}", place.zone);
                    }
                    hands.push((place, batch, text(&replies[0]["thread"]["id"])));
                }
                let (second, _) = places.ours.agent(&places.places[0].group).await;
                places.come_to(claimed + TimeDelta::minutes(50)).await;
                let claim = format!("/v1/agent/groups/{}/replies/claim", places.places[0].group);
                assert_eq!(second.client.act(&claim).await.ok(), json!([]), "another has it");
                assert_eq!(world.batches().state("leased").count().await, 3);
                places.come_to(claimed + TimeDelta::minutes(75)).await;
                world.batches().state("leased").until(0).await;
                for (place, batch, _) in &hands {
                    let send = format!("/v1/agent/batches/{}/send", text(&batch["id"]));
                    let late = json!({ "lease_token": batch["lease_token"] });
                    assert_eq!(place.agent.post(&send, late).await.status, 409, "{}", place.zone);
                }
                let free = second.client.act(&claim).await.ok();
                assert_eq!(text(&free[0]["thread"]["id"]), hands[0].2, "it is free");
            })
            .await;
    }
}

/// Rule W6: reminders go in their window, which opens after a gap.
async fn reminders(world: World, day: [&str; 2], window: [&str; 2], instants: [[&str; 2]; 3]) {
    let places = Places::open(world, &format!("{}T12:00:00Z", day[0]), 1).await;
    let world = &places.world;
    let reminder = json!({ "script": "See you! Reply STOP", "opens": window[0], "closes": window[1] });
    let local = [format!("{}T12:00:00", day[0]), format!("{}T20:00:00", day[1])];
    let goals = places.launch(&local[0], &local[1], json!({ "reminder": reminder })).await;
    for (place, goal) in places.places.iter().zip(&goals) {
        let opens: DateTime<Utc> = world.goals().id(goal).the("opens_at").await;
        places.come_to(opens).await;
        places.released(goal).until(1).await;
        send_all(&place.agent, goal).await;
        world.messages().goal(goal).kind("initial").state("delivered").until(1).await;
        world.targets().goal(goal).set("answer", "yes").await;
    }
    for ((place, goal), [opens, closes]) in places.places.iter().zip(&goals).zip(instants) {
        let batches = world.batches().goal(goal).kind("reminder");
        let claim = format!("/v1/agent/goals/{goal}/claim");
        let ask = async || place.agent.post(&claim, json!({ "workflow": "reminder" })).await;
        places.come_to(at(opens) - BEFORE).await;
        ask().await.problem(409, "conflict");
        places.come_to(at(opens)).await;
        batches.until(1).await;
        let batch = place.agent.claim(goal, "reminder").await;
        assert!(!batch.is_null(), "{}", place.zone);
        places.come_to(at(closes)).await;
        ask().await.problem(409, "conflict");
        // The window is over; where it lasted for more than an hour, so is the lease.
        assert_eq!(place.agent.send(&batch).await.status, 409, "{}", place.zone);
        assert_eq!(world.messages().goal(goal).kind("reminder").count().await, 0, "{}", place.zone);
    }
}

#[tokio::test]
async fn w6_a_reminder_window_opens_after_a_gap_and_at_the_first_of_two_times() {
    World::with_moved_clock()
        .run(async |world| {
            let window = ["2027-03-14T02:30:00", "2027-03-14T03:10:00"];
            let instants = [
                ["2027-03-14T07:00:00Z", "2027-03-14T07:10:00Z"],
                ["2027-03-14T09:30:00Z", "2027-03-14T10:10:00Z"],
                ["2027-03-14T12:30:00Z", "2027-03-14T13:10:00Z"],
            ];
            reminders(world, ["2027-03-13", "2027-03-14"], window, instants).await;
        })
        .await;
    World::with_moved_clock()
        .run(async |world| {
            let window = ["2027-11-07T01:30:00", "2027-11-07T02:10:00"];
            let instants = [
                ["2027-11-07T05:30:00Z", "2027-11-07T07:10:00Z"],
                ["2027-11-07T08:30:00Z", "2027-11-07T09:10:00Z"],
                ["2027-11-07T11:30:00Z", "2027-11-07T12:10:00Z"],
            ];
            reminders(world, ["2027-11-06", "2027-11-07"], window, instants).await;
        })
        .await;
}

/// Engine promise J11: every tick of a schedule has its row, once, on the clock of its zone.
#[tokio::test]
async fn j11_schedules_tick_once_through_both_nights() {
    for (before, cron, ticks) in [
        (
            "2027-03-14T04:00:00Z",
            "30 2 * * *",
            ["2027-03-14T07:00:00Z", "2027-03-14T09:30:00Z", "2027-03-14T12:30:00Z"],
        ),
        (
            "2027-11-07T04:00:00Z",
            "30 1 * * *",
            ["2027-11-07T05:30:00Z", "2027-11-07T08:30:00Z", "2027-11-07T11:30:00Z"],
        ),
    ] {
        Setup::default()
            .moved_clock()
            .run(async |world| {
                world.set_clock(at(before)).await;
                for zone in ZONES {
                    let schedule = format!(
                        "insert into schedule (name, cron, zone, kind, payload) values ('{zone}', '{cron}', '{zone}', 'probe', '{{}}')"
                    );
                    world.execute(&[&schedule]).await;
                }
                let fired = || world.ticks().is("fate", "fired");
                // A scheduler looks when it begins; another time it may wait for some seconds.
                let look = async |instant: DateTime<Utc>, nth: usize| {
                    world.set_clock(instant).await;
                    let scheduler = world.scheduler("scheduler");
                    scheduler.ready().await;
                    world.rows("schedule").and("enabled").has("next_at").until(3).await;
                    fired().until(i64::try_from(nth).unwrap()).await;
                    scheduler.stop().await;
                };
                for (nth, tick) in ticks.into_iter().enumerate() {
                    look(at(tick) - BEFORE, nth).await;
                    look(at(tick), nth + 1).await;
                    assert_eq!(fired().is("schedule", ZONES[nth]).is("planned_at", tick).count().await, 1);
                }
                // The second 01:30, and the day's rest: no other tick.
                look(at(ticks[0]) + TimeDelta::hours(20), 3).await;
                assert_eq!((world.ticks().count().await, world.jobs().kind("probe").count().await), (3, 3));
            })
            .await;
    }
}
