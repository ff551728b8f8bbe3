//! The calendar of an organization, ticks of release plans, and new rules of zones (rules G1, G11
//! and B6).

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use muster_domain::zone::Zone;
use muster_integration_tests::{Organization, World, now, open_goal, text};
use serde_json::{Value, json};

use crate::goals::goal;

async fn calendar(ours: &Organization, query: &str) -> Vec<String> {
    let found = ours.admin.get(&ours.at(&format!("calendar?{query}"))).await.ok();
    let entries = found["entries"].as_array().unwrap().iter();
    entries.map(|entry| format!("{} {} {}", text(&entry["kind"]), text(&entry["local"]), text(&entry["at"]))).collect()
}

#[tokio::test]
async fn g11_a_calendar_has_every_dated_thing_between_two_days_of_the_groups_clocks() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (east, island) = (ours.group("East").await, ours.group_in("Island", "Pacific/Honolulu").await);
            let reminder = json!({ "script": "Reply STOP", "opens": "2027-11-07T01:30:00", "closes": "2027-11-08T18:00:00" });
            let content = goal(json!({
                "opens": "2027-11-05T10:00:00", "closes": "2027-11-08T19:00:00", "date": "2027-11-08T19:00:00", "reminder": reminder,
                "release_plan": { "pace": { "cron": { "batches": 1, "cron": "0 12 * * *" } } },
            }));
            let id = ours.draft(&east, content.clone()).await;
            // 01:30 happens twice in New York: the first.
            let wanted = [
                "reminder_opens 2027-11-07T01:30:00 2027-11-07T05:30:00Z",
                "release 2027-11-07T12:00:00 2027-11-07T17:00:00Z",
                "release 2027-11-08T12:00:00 2027-11-08T17:00:00Z",
                "reminder_closes 2027-11-08T18:00:00 2027-11-08T23:00:00Z",
                "date 2027-11-08T19:00:00 2027-11-09T00:00:00Z",
                "closes 2027-11-08T19:00:00 2027-11-09T00:00:00Z",
            ];
            assert_eq!(calendar(&ours, "from=2027-11-07&to=2027-11-09").await, wanted);
            ours.draft(&island, content).await;
            let both = calendar(&ours, "from=2027-11-05&to=2027-11-05").await;
            let wanted = [
                "opens 2027-11-05T10:00:00 2027-11-05T14:00:00Z",
                "opens 2027-11-05T10:00:00 2027-11-05T20:00:00Z",
                "release 2027-11-05T12:00:00 2027-11-05T16:00:00Z",
                "release 2027-11-05T12:00:00 2027-11-05T22:00:00Z",
            ];
            assert_eq!(both, wanted);
            assert_eq!(calendar(&ours, &format!("from=2027-11-05&to=2027-11-05&group_id={island}")).await.len(), 2);
            assert_eq!(calendar(&ours, "from=2027-11-09&to=2027-11-30").await, [""; 0]);
            let found = ours.admin.get(&ours.at("calendar?from=2027-11-05&to=2027-11-05")).await.ok();
            assert_eq!((&found["entries"][0]["goal_id"], &found["entries"][0]["status"]), (&json!(id), &json!("draft")));

            let (admin, _) = ours.member_of("group_admin", &[&island]).await;
            let seen = admin.client.get(&ours.at("calendar?from=2027-11-05&to=2027-11-05")).await.ok();
            assert_eq!(seen["entries"].as_array().unwrap().len(), 2);
            let path = ours.at(&format!("calendar?from=2027-11-05&to=2027-11-05&group_id={east}"));
            admin.client.get(&path).await.problem(404, "not-found");
            for query in ["from=2027-11-05", "from=2027-11-05&to=2027-11-04", "from=2027-01-01&to=2027-04-04", "from=today&to=2027-01-01"] {
                ours.admin.get(&ours.at(&format!("calendar?{query}"))).await.problem(400, "invalid-parameter");
            }
            calendar(&ours, "from=2027-01-01&to=2027-04-03").await;
        })
        .await;
}

async fn out(world: &World, goal: &str) -> i64 {
    world.batches().goal(goal).not("state", "held").count().await
}

async fn fires_at(world: &World, goal: &str) -> DateTime<Utc> {
    let timer = world.timers().kind("batch-release").is("subject", goal);
    timer.clone().above("fire_at", now()).until(1).await;
    timer.the::<DateTime<Utc>>("fire_at").await
}

#[tokio::test]
async fn b6_batches_are_released_at_the_ticks_of_the_groups_clocks() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "batch_size": 1 })).await;
            let zone = Zone::parse("Pacific/Honolulu").unwrap();
            let group = ours.group_in("Island", zone.name()).await;
            ours.contacts(&group, 3).await;
            // Three hours from now, to the minute, on the island's clocks.
            let tick = zone.local(world.now().await + TimeDelta::hours(3)).with_second(0).unwrap();
            let cron = format!("{} {} * * *", tick.minute(), tick.hour());
            let plan = json!({ "pace": { "cron": { "batches": 2, "cron": cron } } });
            let mut content = open_goal(&world, json!({ "release_plan": plan })).await;
            content["closes"] = json!((world.now().await + TimeDelta::days(3)).to_rfc3339());
            let id = ours.draft(&group, content).await;
            ours.goal_act(&id, "launch").await;
            let first = fires_at(&world, &id).await;
            assert_eq!(zone.local(first).with_nanosecond(0).unwrap(), tick.with_nanosecond(0).unwrap());
            assert_eq!((out(&world, &id).await, world.batches().goal(&id).count().await), (0, 3), "no tick has come");

            // Looks between two ticks release nothing.
            ours.goal_act(&id, "pause").await;
            ours.goal_act(&id, "resume").await;
            world.settled().await;
            assert_eq!(out(&world, &id).await, 0);

            let fire = format!("update timer set fire_at = clock_timestamp() where kind = 'batch-release' and subject = '{id}'");
            world.execute(&[&fire]).await;
            world.batches().goal(&id).state("released").until(2).await;
            let next = fires_at(&world, &id).await;
            assert_eq!(zone.local(next).time().hour(), tick.hour(), "the next is at the next tick");
            assert_eq!(zone.local(next).minute(), tick.minute());

            // The rest is held by the hours, when a tick comes outside of them.
            let closed = (tick.hour() + 12) % 24;
            let opens = if closed == 23 { 0 } else { (closed + 1) * 60 };
            if zone.local(world.now().await).hour() != closed {
                ours.set(json!({ "sending_hours": { "opens_minute": opens.min(1380), "closes_minute": opens.min(1380) + 1 } })).await;
                world.execute(&[&fire]).await;
                world.estimates().is("goal_id", &id).is("release_waits_for", "hours").until(1).await;
                assert_eq!(out(&world, &id).await, 2);
            }
        })
        .await;
}

#[tokio::test]
async fn b6_a_plan_by_cron_is_read_and_refused_as_it_is_written() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let plan = |cron: &str, batches: u32| {
                goal(json!({ "release_plan": { "pace": { "cron": { "batches": batches, "cron": cron } } } }))
            };
            let id = ours.draft(&group, plan("0 9,13 * * MON-FRI", 2)).await;
            let read = ours.goal(&id).await;
            assert_eq!(read["release_plan"]["pace"]["cron"], json!({ "batches": 2, "cron": "0 9,13 * * MON-FRI" }));
            for (cron, batches) in
                [("61 * * * *", 1), ("0 9 * * *", 0), ("0 0 9 * * *", 1), ("soon", 1), ("0 9 31 2 *", 1)]
            {
                let body = json!({ "group_id": group, "goal": plan(cron, batches) });
                ours.admin.post(&ours.at("goals"), body).await.problem(422, "invalid-body");
            }
        })
        .await;
}

/// Returns a goal's times as the api answers them.
async fn times(ours: &Organization, id: &str) -> Value {
    let goal = ours.goal(id).await;
    json!([goal["opens_at"], goal["closes_at"], goal["reminder_opens_at"], goal["reminder_closes_at"]])
}

/// As if the last release of the tz database had other rules: the zone's clocks were an hour behind
/// those of today. Instants stay, and so does the past.
#[tokio::test]
async fn g11_new_rules_of_a_zone_resolve_local_times_again_reminder_windows_included() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.contacts(&group, 1).await;
            let reminder = json!({ "script": "Reply STOP", "opens": "2027-11-07T01:30:00", "closes": "2027-11-08T18:00:00" });
            let local = json!({ "opens": "2027-11-05T10:00:00", "closes": "2027-11-08T18:00:00", "reminder": reminder });
            let launched = ours.draft(&group, goal(local.clone())).await;
            ours.goal_act(&launched, "launch").await;
            let draft = ours.draft(&group, goal(local)).await;
            let instants = json!({ "opens": "2027-11-05T14:00:00Z", "closes": "2027-11-08T23:00:00Z" });
            let fixed = ours.draft(&group, goal(instants)).await;
            let running = ours.draft(&group, open_goal(&world, json!({})).await).await;
            ours.goal_act(&running, "launch").await;
            let mut content = open_goal(&world, json!({})).await;
            content["opens"] = json!((world.now().await - TimeDelta::days(2)).naive_utc().format("%Y-%m-%dT%H:%M:%S").to_string());
            content["closes"] = json!((world.now().await + TimeDelta::days(2)).naive_utc().format("%Y-%m-%dT%H:%M:%S").to_string());
            let begun = ours.draft(&group, content).await;
            ours.goal_act(&begun, "launch").await;
            let all = [&launched, &draft, &fixed, &running, &begun];
            let mut wanted = Vec::new();
            for id in all {
                wanted.push(times(&ours, id).await);
            }
            let begun_opens = world.goals().id(&begun).the::<DateTime<Utc>>("opens_at").await - TimeDelta::hours(1);

            let old = "update goal set zone_rules = '2020a', opens_at = opens_at - interval '1 hour', closes_at = closes_at - interval '1 hour',
                           reminder_opens_at = reminder_opens_at - interval '1 hour', reminder_closes_at = reminder_closes_at - interval '1 hour'
                       where fixed_times = '{}'";
            let others = "update goal set zone_rules = '2020a' where fixed_times <> '{}'";
            let timers = "update timer set fire_at = fire_at - interval '1 hour' where kind in ('goal-opens', 'goal-closes', 'reminder-opens')";
            world.execute(&[old, others, timers]).await;
            let sweep = "update schedule set enabled = true, decided_until = clock_timestamp() - interval '2 hours', jitter_seconds = 0
                         where name = 'zone-rules'";
            world.execute(&[sweep]).await;
            world.goals().not("zone_rules", "2020a").until(5).await;
            for (id, wanted) in all.into_iter().zip(&wanted).take(4) {
                assert_eq!(&times(&ours, id).await, wanted);
            }
            let read = ours.goal(&begun).await;
            assert_eq!((&read["closes_at"], &read["status"]), (&wanted[4][1], &json!("active")));
            assert_eq!(world.goals().id(&begun).the::<DateTime<Utc>>("opens_at").await, begun_opens, "it had come");
            // The launched goal's timers have moved with it, and it has a new version.
            let at = |time: &str| format!("timer where subject = '{launched}' and fire_at = '{time}'");
            for time in ["2027-11-05T14:00:00Z", "2027-11-08T23:00:00Z", "2027-11-07T05:30:00Z"] {
                assert_eq!(world.count(&at(time)).await, 1, "{time}");
            }
            assert_eq!(ours.goal(&launched).await["version"], 3);
            assert_eq!(ours.goal(&fixed).await["version"], 1);
        })
        .await;
}

#[tokio::test]
async fn g11_a_groups_new_zone_keeps_local_times_and_instants() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let reminder =
                json!({ "script": "Reply STOP", "opens": "2027-06-01T12:00:00", "closes": "2027-06-01T20:00:00Z" });
            let mixed =
                json!({ "opens": "2027-06-01T10:00:00", "closes": "2027-06-02T20:00:00Z", "reminder": reminder });
            let id = ours.draft(&group, goal(mixed)).await;
            ours.admin.patch(&ours.at(&format!("groups/{group}")), json!({ "zone": "America/Phoenix" })).await.ok();
            let wanted =
                json!(["2027-06-01T17:00:00Z", "2027-06-02T20:00:00Z", "2027-06-01T19:00:00Z", "2027-06-01T20:00:00Z"]);
            assert_eq!(times(&ours, &id).await, wanted);
            let read = ours.goal(&id).await;
            assert_eq!(
                (&read["closes"], &read["reminder_closes"]),
                (&json!("2027-06-02T13:00:00"), &json!("2027-06-01T13:00:00"))
            );
        })
        .await;
}
