//! Operators' pages of the console: looks, acts with a reason, the rights of a token, and text that
//! stays text (rules A5, R5 and R9).

use muster_integration_tests::{Browser, World, eventually, holds, seconds};
use muster_jobs::{Envelope, JobKind, JobRef, kinds::Probe};
use muster_storage::figures;

use crate::operator_looks::park;

/// Every page without an id in its address.
const PAGES: [&str; 12] = [
    "/operator",
    "/operator/doctor",
    "/operator/queues",
    "/operator/queues/probe",
    "/operator/jobs",
    "/operator/acts",
    "/operator/acts/new?verb=retry&state=parked",
    "/operator/workers",
    "/operator/schedules",
    "/operator/held",
    "/operator/unknown-texts",
    "/operator/dead-letters",
];

/// Opens a browser in which an operator has signed in.
async fn operator(world: &World, rights: &str) -> Browser {
    let browser = world.browser();
    let operator = world.operator(rights).await;
    browser.set_cookie("__Host-muster-operator", operator.token().unwrap());
    browser
}

const REASON: (&str, &str) = ("reason", "the cause is mended");

#[tokio::test]
async fn every_page_of_operators_is_shown_and_text_in_an_error_stays_text() {
    World::with_engine()
        .run(async |world| {
            let hostile = "<script>alert(1)</script>";
            world.pause_jobs("probe").await;
            let id = world.enqueue(&Probe {}).await;
            park(&world, id, hostile).await;
            world
                .execute(&[&format!(
                    "insert into dead_letter (queue, body, error) values ('muster.probe', '{{', '{hostile}')"
                )])
                .await;
            figures::take_if_due(world.pool()).await.unwrap();
            let browser = operator(&world, "act").await;
            for path in PAGES {
                let page = browser.get(path).await;
                assert!(!page.shown().contains("<script>"), "{path}");
                page.says("looks and acts").says("aria-current=\"page\"");
            }
            browser.get("/operator").await.says("Parked").says("All figures");
            browser.get("/operator/queues").await.says("Paused").says("probe");
            browser.get("/operator/jobs?state=parked").await.says("&#60;script&#62;").says("Parked");
            let life = browser.get(&format!("/operator/jobs/{id}")).await;
            life.says("Its life").says("Failed").says("&#60;script&#62;").says("Run again");
            browser.get("/operator/schedules/retention").await.says("Ticks to come").says("Run now");
            browser.get("/operator/dead-letters").await.says("&#60;script&#62;").says("Read again");
            for nothing in ["/operator/jobs/x", "/operator/queues/none", "/operator/schedules/none", "/operator/none"] {
                let page = browser.get(nothing).await;
                assert!(matches!(page.status, 400 | 404), "{nothing}: {}", page.status);
            }
            let refused = browser.get("/operator/jobs?organization_id=x").await;
            assert!(matches!(refused.status, 400 | 422), "{}", refused.status);
            refused.says("Please correct this");
        })
        .await;
}

#[tokio::test]
async fn a5_a_token_that_looks_is_shown_no_act_and_the_server_refuses_each() {
    World::with_api()
        .run(async |world| {
            let id = world.enqueue(&Probe {}).await;
            park(&world, id, "out of luck").await;
            let browser = operator(&world, "read").await;
            let before = world.contents().await;
            for path in PAGES.into_iter().map(ToOwned::to_owned).chain([format!("/operator/jobs/{id}")]) {
                let page = browser.get(&path).await;
                page.shown();
                page.says("looks, and can change nothing");
                assert!(!page.text.contains("name=\"reason\""), "{path} offers an act");
            }
            browser.get("/operator/acts/new?verb=cancel").await.says("Your token looks");
            let nil = "00000000-0000-0000-0000-000000000000";
            for path in [
                format!("/operator/jobs/{id}/retry"),
                format!("/operator/jobs/{id}/cancel"),
                "/operator/acts".to_owned(),
                format!("/operator/acts/{nil}/stop"),
                "/operator/doctor/repair".to_owned(),
                "/operator/policies/pause".to_owned(),
                "/operator/policies/resume".to_owned(),
                "/operator/policies/limit".to_owned(),
                "/operator/workers/worker-1/drain".to_owned(),
                "/operator/schedules/retention/run".to_owned(),
                "/operator/schedules/retention/disable".to_owned(),
                format!("/operator/unknown-texts/{nil}/settle"),
                format!("/operator/dead-letters/{nil}/replay"),
            ] {
                let refused = browser.post(&path, &[REASON, ("kind", "probe"), ("verb", "retry"), ("rate", "1")]).await;
                assert_eq!(refused.status, 403, "{path}: {}", refused.text);
            }
            assert_eq!(world.contents().await, before);
        })
        .await;
}

#[tokio::test]
async fn r9_each_act_of_a_page_takes_effect_shows_so_and_is_in_the_audit_with_its_reason() {
    World::with_api()
        .run(async |world| {
            let browser = operator(&world, "act").await;
            let act = async |path: &str, fields: &[(&str, &str)], done: &str| {
                let answer = browser.post(path, fields).await;
                browser.follow(&answer).await.says(done);
            };
            let id = world.enqueue(&Probe {}).await;
            park(&world, id, "out of luck").await;
            let job = format!("/operator/jobs/{id}");
            act(&format!("{job}/retry"), &[("reason", " ")], "Please correct this").await;
            assert_eq!(world.job(id).await.state, "parked", "without a reason nothing is done");
            act(&format!("{job}/retry"), &[REASON], "The job runs again").await;
            browser.get(&job).await.says("Waiting");
            act(&format!("{job}/cancel"), &[REASON], "The job is cancelled.").await;
            assert_eq!(world.job(id).await.state, "cancelled");

            act(
                "/operator/policies/pause",
                &[REASON, ("kind", "probe"), ("next", "/operator/queues/probe")],
                "Paused since",
            )
            .await;
            act("/operator/policies/limit", &[REASON, ("kind", "probe"), ("at_most", "7")], "The limit holds.").await;
            act("/operator/policies/limit", &[REASON, ("kind", "probe"), ("at_most", "many")], "correct").await;
            act("/operator/policies/resume", &[REASON, ("kind", "probe")], "It goes on.").await;
            assert_eq!(world.count("job_policy where kind = 'probe' and not paused and at_most = 7").await, 1);

            let body =
                String::from_utf8(Envelope::new(JobKind::Probe, vec![JobRef::new(id)]).encode().unwrap()).unwrap();
            let letter =
                format!("insert into dead_letter (queue, body, error) values ('muster.probe', '{body}', 'too new')");
            world.execute(&[&letter]).await;
            let letter: String = world.rows("dead_letter").the("id").await;
            act(&format!("/operator/dead-letters/{letter}/replay"), &[REASON], "It was read again").await;
            act("/operator/doctor/repair", &[REASON], "There was nothing to mend.").await;
            // Refused ones are no acts.
            let acts: Vec<String> = world
                .row("select json_agg(distinct operation order by operation) from audit_entry where operator is not null")
                .await;
            assert_eq!(acts.len(), 7, "{acts:?}");
            let reasons = "audit_aside where kind = 'reason' and words <> 'the cause is mended'";
            assert_eq!(world.count(reasons).await, 0, "each has its reason");
        })
        .await;
}

#[tokio::test]
async fn an_act_on_many_jobs_is_counted_first_begun_followed_and_stopped_on_pages() {
    World::with_api()
        .run(async |world| {
            let browser = operator(&world, "act").await;
            for _ in 0..3 {
                let id = world.enqueue(&Probe {}).await;
                park(&world, id, "out of luck").await;
            }
            let list = browser.get("/operator/jobs?kind=probe&error=luck").await;
            list.says("/operator/acts/new?kind=probe&#38;error=luck&#38;verb=retry");
            let counted = browser.get("/operator/acts/new?kind=probe&error=luck&verb=retry").await;
            counted.says("<strong>3 jobs</strong> match now.");
            assert_eq!(world.jobs().kind("job-act").count().await, 0, "a count does nothing");
            let form = [("verb", "retry"), ("kind", "probe"), ("error", "luck"), ("abort_above", "20")];
            let refused = browser.post("/operator/acts", &[&form[..], &[REASON, ("rate", "0")]].concat()).await;
            assert_eq!(refused.status, 422);
            refused.says("Please correct this").says("value=\"the cause is mended\"");
            let begun = browser.post("/operator/acts", &[&form[..], &[REASON, ("rate", "2")]].concat()).await;
            let act = begun.location();
            browser.get(&act).await.says("Under way").says("2 a second").says("20 % that fail again").says("max=\"3\"");
            let stopped = browser.post(&format!("{act}/stop"), &[REASON]).await;
            browser.follow(&stopped).await.says("Stopped");
            browser.get("/operator/acts").await.says("Stopped").says("error luck");
        })
        .await;
}

#[tokio::test]
async fn a_worker_is_drained_on_its_page_and_told_to_be_safe_to_stop() {
    World::with_engine()
        .run(async |world| {
            let browser = operator(&world, "act").await;
            let says = async |words: &str| {
                eventually(seconds(30), async || {
                    let page = browser.get("/operator/workers").await;
                    holds(page.text.contains(words), page.text)
                })
                .await;
            };
            says("Drain it").await;
            let drained = browser.post("/operator/workers/worker/drain", &[REASON]).await;
            browser.follow(&drained).await.says("It takes no more jobs").says("Take jobs again");
            says("Safe to stop: it has no job, and takes none.").await;
            let back = browser.post("/operator/workers/worker/undrain", &[REASON]).await;
            browser.follow(&back).await.says("It takes jobs again.");
        })
        .await;
}
