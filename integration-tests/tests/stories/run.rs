//! How a story comes and goes.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures::FutureExt as _;

use crate::rig::{Rig, RigOptions};

impl Rig {
    /// Starts Muster, runs a story, and ends Muster in order. A story that panics has its processes
    /// ended too.
    pub(crate) async fn run<T>(options: RigOptions, story: impl AsyncFnOnce(&Self) -> T) -> T {
        let rig = Self::start(options).await;
        let outcome = AssertUnwindSafe(Box::pin(story(&rig))).catch_unwind().await;
        match outcome {
            Ok(answer) => {
                rig.finish().await;
                answer
            }
            Err(panic) => {
                // Its processes end before its servers do; its database and vhost go with the
                // servers.
                drop(rig);
                resume_unwind(panic)
            }
        }
    }
}
