//! Waiting until the broker has written down which quorum queues it has.
//!
//! The broker keeps the names of its Raft servers in `names.dets`, which Erlang writes some three
//! seconds late (seen with 3.10). Killed before that, it starts again with the queue's log on disk
//! and no record of its owner, makes an empty one, and never elects a leader for it
//! (rabbitmq-server issues 10070 and 15725 look the same). No client can do anything about that, so
//! a story which declares a queue and kills the broker at once would tell nothing about Muster.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::say::say;

const LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);

/// Returns when every quorum queue under `quorum` (the node's folder of that name) is registered on
/// disk, or says so and returns after ten seconds.
pub(super) async fn wait_until_written(quorum: &Path) {
    let deadline = Instant::now() + LIMIT;
    loop {
        let missing = unregistered(quorum);
        if missing.is_empty() {
            return;
        }
        if Instant::now() > deadline {
            say(&format!("RabbitMQ has not registered its quorum queues {missing:?}; they may not survive"));
            return;
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Returns the folders of queues, named by the Raft server's id, with ids that are not in the
/// registry beside them.
fn unregistered(quorum: &Path) -> Vec<PathBuf> {
    let mut missing = Vec::new();
    for node in folders(quorum) {
        let registry = std::fs::read(node.join("names.dets")).unwrap_or_default();
        missing.extend(folders(&node).filter(|queue| {
            let id = queue.file_name().unwrap_or_default().as_encoded_bytes();
            !registry.windows(id.len().max(1)).any(|window| window == id)
        }));
    }
    missing
}

fn folders(parent: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir())
}
