//! J2: work that is dropped in the middle (a lost lease, a time limit, a worker that hands back)
//! leaves nothing behind that others could take for an answer.

use std::{
    future::{Future as _, poll_fn},
    pin::pin,
    task::Poll,
};

use muster_integration_tests::World;
use muster_storage::{Pool, PoolOptions, testing};

/// Longer than any of the COPYs here takes.
const MOST_LOOKS: usize = 200;

/// Drives a COPY for so many looks at it, and drops it when it is to be looked at again; true when
/// it was through before.
async fn copy_for(pool: &Pool, looks: usize) -> bool {
    let mut tx = pool.begin().await.unwrap();
    let rows = (0..3).map(|n| format!("{n}\n").into_bytes());
    let mut copy = pin!(testing::copy(&mut tx, "copy numbers from stdin", rows));
    let mut left = looks;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        copy.as_mut().poll(context).map(|rows| rows.unwrap() == 3)
    })
    .await
}

#[tokio::test]
async fn j2_a_copy_that_is_dropped_leaves_no_connection_that_gives_the_answers_to_others() {
    World::run(async |world| {
        world.execute(&["create table numbers (n int)"]).await;
        let options = PoolOptions { max_connections: 1, ..PoolOptions::default() };
        let pool = Pool::connect_lazily(&world.database_url().as_str().into(), &options).unwrap();
        let mut through = false;
        for looks in 1..MOST_LOOKS {
            through = copy_for(&pool, looks).await;
            for wanted in [7, 8] {
                let told = testing::number(&pool, &format!("select {wanted}::bigint")).await;
                assert_eq!(told.unwrap(), wanted, "after {looks} looks");
            }
            if through {
                break;
            }
        }
        assert!(through, "no COPY came to its end");
        assert_eq!(world.rows("numbers").count().await, 0, "none was committed");
    })
    .await;
}
