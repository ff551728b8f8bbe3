//! Figures of the whole installation, as schedulers tell them, and the alerts on them.

use std::{collections::BTreeSet, path::PathBuf};

use muster_domain::ids::OrganizationId;
use muster_integration_tests::{World, ahead, eventually, holds, minutes, seconds, text};
use muster_jobs::kinds::Probe;
use muster_rehearsal::agent::Request;
use muster_storage::engine::enqueue::JobOrder;
use serde_json::{Value, json};

use crate::{
    exposition::{Series, faults, scrape},
    operators::{probes, succeeds},
};

#[tokio::test]
async fn figures_are_taken_by_one_scheduler_and_told_by_all() {
    World::with_api()
        .run(async |world| {
            let tenant = OrganizationId::new();
            succeeds(&world, &["pause", "--kind", "probe", "--reason", "held for the figures"]).await;
            probes(&world, tenant, JobOrder::Ordinary, 7).await;
            probes(&world, tenant, JobOrder::InOrder("one after another"), 3).await;
            let schedulers = [world.scheduler("scheduler-1"), world.scheduler("scheduler-2")];
            for scheduler in &schedulers {
                scheduler.ready().await;
                eventually(seconds(40), async || {
                    let due = scheduler.metric("muster_engine_jobs_due", "kind=\"probe\"").await;
                    let blocked = scheduler.metric("muster_engine_jobs", "state=\"blocked\"").await;
                    let lives = scheduler.metric("muster_processes", "role=\"scheduler\"").await;
                    holds((due, blocked, lives) == (8.0, 2.0, 2.0), (due, blocked, lives))
                })
                .await;
            }
        })
        .await;
}

/// A query, the labels that its legend or its annotations name, and its place.
struct Asked {
    place: String,
    query: String,
    templates: BTreeSet<String>,
}

fn file(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the words behind each `before` up to the first letter that a label has not.
fn named(text: &str, before: &str) -> BTreeSet<String> {
    let label = |rest: &str| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
    text.split(before).skip(1).map(label).collect()
}

/// Returns every query of alerts, dashboards and the autoscaler.
fn asked() -> Vec<Asked> {
    let mut asked = Vec::new();
    for alert in file("deploy/prometheus/alerts.yaml").split("- alert: ").skip(1) {
        let place = alert.lines().next().unwrap_or_default().to_owned();
        let query = alert.lines().find_map(|line| line.trim().strip_prefix("expr: "));
        let query = query.unwrap_or_else(|| panic!("{place} has no expression of one line")).to_owned();
        asked.push(Asked { place, query, templates: named(alert, "$labels.") });
    }
    for board in ["api", "engine", "floor", "imports", "sending"] {
        let board: Value = serde_json::from_str(&file(&format!("deploy/grafana/{board}.json"))).unwrap();
        for panel in board["panels"].as_array().unwrap() {
            for target in panel["targets"].as_array().unwrap() {
                let legend = target["legendFormat"].as_str().unwrap_or_default();
                asked.push(Asked {
                    place: format!("{}, {}", board["title"], panel["title"]),
                    query: target["expr"].as_str().unwrap().to_owned(),
                    templates: named(legend, "{{"),
                });
            }
        }
    }
    let scaling = file("deploy/helm/muster/templates/workers.yaml");
    for trigger in scaling.split("query: >-").skip(1) {
        let query = trigger.split("threshold:").next().unwrap_or_default();
        let query = query.replace("{{ $scaling.kinds | quote }}", r#"".+""#);
        asked.push(Asked { place: "the autoscaler".to_owned(), query, templates: BTreeSet::new() });
    }
    asked
}

/// Agents text, contacts answer, and there is a job and a text of each state that is told.
async fn work(world: &World) {
    let ours = world.organization("Ours").await;
    ours.admin.put(&ours.at("caps"), json!({ "daily_segments": 1_000 })).await.ok();
    let group = ours.group("North").await;
    let phones = ours.contacts(&group, 4).await;
    let (agent, number) = ours.agent(&group).await;
    let goal = ours.open_goal(world, &group, json!({})).await;
    let batch = agent.client.claim(&goal, "initial").await;
    agent.client.send(&batch).await.ok();
    world.messages().kind("initial").state("delivered").until(4).await;
    for phone in &phones[..2] {
        world.text(phone, &number, "Which rally?").await;
    }
    world.threads().has("unread_since").until(2).await;
    let claimed = agent.client.ask(Request::claim_replies(&group)).await.ok();
    let threads: Vec<_> = claimed.as_array().unwrap().iter().map(|claimed| text(&claimed["thread"]["id"])).collect();
    agent.client.ask(Request::reply(&threads[0], "The one on Main Street")).await.ok();
    agent.client.post(&format!("/v1/agent/threads/{}/opt-out", threads[1]), json!({})).await.ok();
    world.settled().await;

    // No timer is set for the one, and the other is held for an hour.
    let of = |nth: usize| format!("where contact_id = (select id from contact where e164 = '{}')", phones[nth]);
    world
        .execute(&[
            &format!("update message set state = 'unknown' {} and kind = 'initial'", of(2)),
            &format!(
                "update message set state = 'held', reason = 'carrier', held_until = now() + interval '1 hour' {}
                 and kind = 'initial'",
                of(3)
            ),
        ])
        .await;
    let done = world.enqueue(&Probe {}).await;
    world.until_state(done, "succeeded", seconds(30)).await;
    // They stay among those of the last minute.
    world.jobs().state("succeeded").set("finished_at", ahead(minutes(30))).await;
    world.pause_jobs("probe").await;
    let waiting = [world.enqueue(&Probe {}).await, world.enqueue(&Probe {}).await];
    world.jobs().id(waiting[0]).set("state", "parked").await;
}

async fn live(world: &World) -> Vec<Series> {
    let mut live = scrape(world.api().url()).await;
    for url in world.engine_urls() {
        live.extend(scrape(&url).await);
    }
    live
}

/// Daemons tell every metric, label and value that an alert, a dashboard or the autoscaler names,
/// in a system that has done work. Every alert has a section in the runbooks.
#[tokio::test]
async fn alerts_and_dashboards_name_metrics_and_labels_of_a_running_system() {
    let (asked, runbooks) = (asked(), file("docs/runbooks.md"));
    let mut sections: Vec<_> = runbooks.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let mut names: Vec<_> =
        asked.iter().map(|asked| &*asked.place).filter(|place| place.starts_with("Muster")).collect();
    sections.sort_unstable();
    names.sort_unstable();
    assert_eq!(names.len(), file("deploy/prometheus/alerts.yaml").matches("- alert: ").count());
    assert_eq!(names, sections);

    World::with_engine()
        .run(async |world| {
            work(&world).await;
            // Figures are up to ten seconds old.
            eventually(seconds(60), async || {
                let live = live(&world).await;
                let faults: BTreeSet<_> = asked
                    .iter()
                    .flat_map(|Asked { place, query, templates }| {
                        faults(query, templates, &live).into_iter().map(move |fault| format!("{place}: {fault}"))
                    })
                    .collect();
                holds(faults.is_empty(), faults)
            })
            .await;
        })
        .await;
}
