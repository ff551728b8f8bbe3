//! `[worker]`: the jobs that a worker takes.

use super::{
    key::default,
    section::{Check, section},
};

section! {
    /// The jobs that a worker takes. `muster-worker` takes the same as arguments, which go before
    /// these keys. See [pools of workers](operations.md#pools-of-workers).
    Worker in "worker" {
        /// Kinds of jobs that it takes, and no others.
        kinds: Vec<String> = default(Vec::<String>::new()), shown "every kind";
        /// Kinds of jobs that it does not take.
        except: Vec<String> = default(Vec::<String>::new()), shown "none";
        /// Jobs of a kind that it runs at a time, `csv-ingestion=2`, from 1 to 1,000. Texts that
        /// are sent together count as one.
        concurrency: Vec<String> = default(Vec::<String>::new()), shown "the kind's own";
        /// Seconds that one attempt of a kind's job may take, `csv-ingestion=7200`, from 1 to
        /// 86,400. It is ended then, and counts as failed.
        time_limits: Vec<String> = default(Vec::<String>::new()), shown "the kind's own";
    }
}

impl Check for Worker {}
