//! The database stands still or is away: requests end, a known outage is not found out again, and
//! all is well again by itself.

use futures::future::join_all;
use muster_integration_tests::{Answer, Organization, World, eventually, seconds};
use serde_json::json;

/// Answer once the outage is known.
const KNOWN: &str = "the database is away";

/// Requests of every kind: reading, writing, and a webhook.
async fn requests(world: &World, ours: &Organization) -> Vec<Answer> {
    let group = json!({ "name": "Late", "zone": "UTC", "area_code": "212" });
    let reads = join_all((0..4).map(|_| ours.admin.get("/v1/account")));
    let writes = join_all((0..4).map(|_| ours.admin.post(&ours.path[..], group.clone())));
    let groups = ours.at("groups");
    let makes = join_all((0..4).map(|_| ours.admin.post(&groups, group.clone())));
    let (mut answers, writes, makes, text) =
        tokio::join!(reads, writes, makes, world.text_as("SM1", "+16465550001", "+12125550001", "STOP"));
    // A POST to the organization itself is no endpoint, and needs no database.
    assert!(writes.iter().all(|answer| answer.status == 405));
    answers.extend(makes);
    answers.push(text);
    answers
}

fn all_told(answers: &[Answer]) {
    for answer in answers {
        answer.problem(503, "unavailable");
        assert_eq!(answer.header("retry-after"), "2", "{}", answer.request);
    }
}

async fn until_known(ours: &Organization) {
    eventually(seconds(30), async || {
        let answer = ours.admin.get("/v1/account").await;
        if answer.status == 503 && answer.text.contains(KNOWN) { Ok(()) } else { Err(answer.text) }
    })
    .await;
}

async fn until_well(ours: &Organization) {
    eventually(seconds(60), async || {
        let answer = ours.admin.get("/v1/account").await;
        if answer.status == 200 { Ok(()) } else { Err(answer.text) }
    })
    .await;
}

#[tokio::test]
async fn a_frozen_database_is_told_in_time_by_every_request_and_thaws_by_itself() {
    World::with_api()
        .own_servers()
        .with_all(&[("request_timeout_seconds", "3")])
        .run(async |world| {
            let ours = world.organization("Frozen").await;

            world.stack().postgres.pause().unwrap();
            // Requests under way end with their own time, and none with an error of ours.
            all_told(&requests(&world, &ours).await);
            until_known(&ours).await;
            let known = requests(&world, &ours).await;
            all_told(&known);
            assert!(
                known.iter().all(|answer| answer.text.contains(KNOWN)),
                "nobody asked a database that is known to be away"
            );
            let live = reqwest::get(format!("{}/livez", world.api().url())).await.unwrap();
            assert_eq!(live.status(), 200);

            world.stack().postgres.resume().unwrap();
            until_well(&ours).await;
            world.api().ready().await;
            ours.group("Afterwards").await;
        })
        .await;
}

#[tokio::test]
async fn a_database_that_is_down_is_known_after_the_first_look_and_comes_back_by_itself() {
    World::with_api()
        .own_servers()
        .run(async |world| {
            let ours = world.organization("Down").await;

            world.stack().postgres.kill().await.unwrap();
            until_known(&ours).await;
            let known = requests(&world, &ours).await;
            all_told(&known);
            assert!(known.iter().all(|answer| answer.text.contains(KNOWN)));

            world.stack().postgres.start_again().await.unwrap();
            until_well(&ours).await;
            ours.group("Afterwards").await;
        })
        .await;
}
