//! The cap on initials across goals, when two of one contact are decided at the same time
//! (rule S12).

use std::collections::BTreeSet;

use crate::plant::Plant;

#[tokio::test(flavor = "multi_thread")]
async fn s12_of_two_initials_that_are_decided_at_once_one_goes() {
    Plant::start(400, 10_000)
        .at_noon()
        .run(async |plant| {
            // Every contact has two texts, in two jobs.
            plant
                .execute(&[
                    r#"update organization set settings = settings || '{"initials_per_day": 1}'"#,
                    "update message m set contact_id = first.contact_id, thread_id = first.thread_id from seed \
                 first, seed second
             where m.contact_id = second.contact_id and second.n = first.n + 200",
                ])
                .await;
            let workers: Vec<_> = (0..4).map(|n| plant.worker(&format!("worker-{n}"))).collect();
            plant.until_settled(60).await;
            let accepted = plant.accepted();
            let people: BTreeSet<_> = accepted.iter().map(|message| &message.to).collect();
            assert_eq!((accepted.len(), people.len()), (200, 200));
            assert_eq!(plant.messages().state("held").reason("frequency").count().await, 200);
            for worker in workers {
                worker.stop().await;
            }
        })
        .await;
}
