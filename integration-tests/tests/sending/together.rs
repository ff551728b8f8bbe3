//! Single texts of an organization that wait together are handed over together, and each keeps its
//! own fate.

use muster_domain::ids::JobId;
use muster_integration_tests::seconds;

use crate::plant::Plant;

const MESSAGES: u32 = 64;

/// A brand's lanes and ledger are locked once for many: texts that are decided together have taken
/// their time in the lanes at one instant.
#[tokio::test]
async fn s3_single_texts_that_wait_lock_their_brand_together() {
    Plant::singles(MESSAGES, 1_000)
        .at_noon()
        .run(async |plant| {
            plant.set("job_lease_seconds", "60");
            plant.set("republish_after_seconds", "600");
            let worker = plant.worker("worker");
            plant.until_settled(30).await;
            assert_eq!(plant.accepted().len(), usize::try_from(MESSAGES).unwrap());
            let succeeded = plant.jobs().kind("send").state("succeeded").is("attempt", 1);
            assert_eq!(succeeded.count().await, i64::from(MESSAGES));
            let decisions = plant.count("(select distinct rate_slot from message) decided").await;
            assert!(decisions <= i64::from(MESSAGES / 4), "{decisions} decisions");
            plant.settles().await;
            worker.stop().await;
        })
        .await;
}

/// The one that cannot be completed undoes the others' writes; they are completed alone, in the
/// same attempt, and hand-overs without an outcome are asked about.
#[tokio::test]
async fn j7_of_texts_that_go_together_a_bad_job_fails_alone() {
    Plant::singles(MESSAGES, 1_000)
        .run(async |plant| {
            let bad: JobId = plant.row("select to_json(id) from seed_job where n = 10").await;
            plant.sabotage(bad, "raise exception 'never'").await;
            plant.set("job_lease_seconds", "60");
            plant.set("republish_after_seconds", "600");
            let worker = plant.worker("worker");
            let job = plant.until_state(bad, "parked", seconds(120)).await;
            assert!(job.errors.iter().all(|error| error.error.contains("never")), "{:?}", job.errors);
            plant.until_settled(60).await;
            assert_eq!(plant.accepted().len(), usize::try_from(MESSAGES).unwrap());
            assert_eq!(plant.messages().state("sent").has("carrier_sid").count().await, i64::from(MESSAGES));
            let others = plant.jobs().kind("send").state("succeeded").is("attempt", 1).is("errors", "[]");
            assert_eq!(others.count().await, i64::from(MESSAGES) - 1);
            plant.settles().await;
            worker.stop().await;
        })
        .await;
}
