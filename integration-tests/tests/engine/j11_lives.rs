//! J11: a job's whole life can be read from its row.

use muster_integration_tests::{World, no_op, seconds};
use muster_storage::engine::{claim, look};
use serde_json::json;

/// Enqueued, handed back, tried in vain, tried again, and done: by which process, when and why, in
/// this order.
#[tokio::test]
async fn j11_a_jobs_whole_life_is_read_from_its_row() {
    World::run(async |world| {
        let id = world.enqueue(&no_op()).await;
        let claimed = claim::claim(world.pool(), id, "worker-0", seconds(60)).await.unwrap().unwrap();
        claim::progress(world.pool(), &claimed, 3, Some(8), "steps").await.unwrap();
        claim::requeue(
            world.pool(),
            &[&claimed],
            seconds(0),
            "what it waits for has not \
         happened",
        )
        .await
        .unwrap();
        world.sabotage(id, "if new.attempt = 1 then raise exception 'out of luck'; end if").await;
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));

        let job = world.until_state(id, "succeeded", seconds(30)).await;
        assert_eq!((job.attempt, job.epoch, job.worker.as_deref(), job.errors.len()), (2, 3, Some("worker-1"), 1));
        let row = look::show(world.pool(), id).await.unwrap().unwrap();
        let told = json!({
            "hand_back": [1, 1, "worker-0", "what it waits for has not \
                 happened"], "error": [1, "worker-1"], "progress": [3, 8, "steps"],
        });
        let (back, error) = (&row["hand_backs"][0], &row["errors"][0]);
        let seen = json!({
            "hand_back": [back["number"], back["epoch"], back["worker"], back["why"]], "error": [error["attempt"], error["worker"]],
            "progress": [row["progress_done"], row["progress_total"], row["progress_note"]],
        });
        assert_eq!(seen, told);
        assert!(error["error"].as_str().unwrap().contains("out of luck"), "{row}");
        let in_order = "created_at <= (hand_backs -> 0 ->> 'at')::timestamptz
        and (hand_backs -> 0 ->> 'at')::timestamptz <= (errors -> 0 ->> 'at')::timestamptz
        and (errors -> 0 ->> 'at')::timestamptz <= published_at and published_at <= claimed_at and claimed_at <= finished_at";
        assert_eq!(world.jobs().id(id).and(in_order).count().await, 1, "{row}");
    })
    .await;
}

/// A job that waits for long is handed back again and again: its row keeps the last of it, and how
/// often it was.
#[tokio::test]
async fn j11_a_row_keeps_a_bounded_number_of_hand_backs() {
    World::run(async |world| {
        let id = world.enqueue(&no_op()).await;
        for _ in 0..23 {
            let claimed = claim::claim(world.pool(), id, "worker-1", seconds(60)).await.unwrap().unwrap();
            claim::requeue(world.pool(), &[&claimed], seconds(0), "not yet").await.unwrap();
        }
        let row = look::show(world.pool(), id).await.unwrap().unwrap();
        let kept = row["hand_backs"].as_array().unwrap();
        assert_eq!(kept.len(), 20);
        assert_eq!(json!([kept[0]["number"], kept[19]["number"]]), json!([4, 23]));
        assert_eq!(json!([row["attempt"], row["epoch"], row["errors"]]), json!([0, 23, []]));
    })
    .await;
}
