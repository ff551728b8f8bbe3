//! `hold-release`: held texts are queued when they can go (rule S6).

use muster_domain::ids::{GroupId, JobId, OrganizationId};
use muster_integration_tests::seconds;
use muster_jobs::kinds::HoldRelease;
use muster_storage::{
    engine::enqueue::{Origin, enqueue},
    testing::plant::ID,
};

use crate::plant::Plant;

async fn release(plant: &Plant) -> JobId {
    let mut tx = plant.pool().begin().await.unwrap();
    let (organization, group) = (OrganizationId(ID.parse().unwrap()), GroupId(ID.parse().unwrap()));
    let origin = Origin { organization_id: Some(organization), traceparent: None };
    let id = enqueue(&mut tx, &HoldRelease { group_id: group }, &origin).await.unwrap();
    tx.commit().await.unwrap();
    id
}

#[tokio::test]
async fn s6_held_texts_are_queued_once_however_often_the_job_runs() {
    Plant::start(3, 1_000)
        .run(async |plant| {
            let hold = "update message set state = 'held', reason = 'hours', held_until = now(), send_job_id = null";
            plant.execute(&[hold]).await;
            let worker = plant.worker("worker");
            for _ in 0..2 {
                let id = release(&plant).await;
                plant.until_state(id, "succeeded", seconds(20)).await;
            }
            plant.until_settled(30).await;
            assert_eq!(plant.accepted().len(), 3);
            assert_eq!(plant.jobs().kind("send").count().await, 2, "the planted one, and one of the first run");
            worker.stop().await;
        })
        .await;
}
