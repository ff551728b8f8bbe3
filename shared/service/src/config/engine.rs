//! `[engine]`: leases, retries, polling, sweeps and history. Schedulers and workers go by the same
//! values.

use std::time::Duration;

use super::{
    key::default,
    section::{Check, section},
};

section! {
    /// Jobs: leases, retries, polling, sweeps and history. Schedulers and workers go by the same
    /// values.
    Engine in "engine" {
        /// Seconds without a heartbeat after which a worker loses its job.
        job_lease_seconds: u64 = default(30_u64), within 3..=86_400, env "job_lease_seconds";
        /// Upper bound of the first delay between attempts, in milliseconds; it doubles with each,
        /// with full jitter.
        retry_base_ms: u64 = default(1_000_u64), within 1..=86_400_000, env "retry_base_ms";
        /// Upper bound of any delay between attempts, in milliseconds.
        retry_max_ms: u64 = default(300_000_u64), within 1..=86_400_000, env "retry_max_ms";
        /// Milliseconds between the relay's looks for due jobs when nothing wakes it.
        relay_poll_ms: u64 = default(1_000_u64), within 1..=86_400_000, env "relay_poll_ms";
        /// Milliseconds between looks for due timers when nothing wakes the scheduler; the next
        /// timer's time does. It never waits longer than 2,000.
        timer_poll_ms: u64 = default(1_000_u64), within 1..=86_400_000, env "timer_poll_ms";
        /// Milliseconds between a scheduler's own sweeps for expired leases and lost messages; the
        /// schedule `engine-sweep` does so each minute.
        sweep_interval_ms: u64 = default(2_000_u64), within 1..=86_400_000, env "sweep_interval_ms";
        /// Seconds after which a published job that no worker claimed is published again.
        republish_after_seconds: u64 = default(60_u64), within 1..=604_800, env "republish_after_seconds";
        /// Seconds after which a hand-over without an outcome is settled by asking the carrier. At
        /// least four times `carrier.timeout_ms`.
        reconcile_after_seconds: u64 = default(60_u64), within 1..=604_800, env "reconcile_after_seconds";
        /// Days that jobs that are over are kept, at least; they leave by whole months.
        job_history_days: u64 = default(30_u64), within 0..=36_500, env "job_history_days";
        /// Days that the outcomes of schedules' ticks are kept. The last tick of each stays, and so
        /// do the last two days that `muster doctor` adds up. The schedule `engine-history` (04:50
        /// UTC) deletes these, dead letters and names of processes.
        tick_history_days: u64 = default(90_u64), within 1..=36_500, env "tick_history_days";
        /// Days that dead letters are kept: messages of the broker that could not be decoded.
        dead_letter_history_days: u64 = default(90_u64), within 1..=36_500, env "dead_letter_history_days";
        /// Days that the name of a process that is gone is kept.
        process_history_days: u64 = default(30_u64), within 1..=36_500, env "process_history_days";
    }
}

impl Check for Engine {}

impl Engine {
    /// Returns the job lease.
    pub const fn job_lease(&self) -> Duration {
        Duration::from_secs(self.job_lease_seconds)
    }

    /// Returns the age at which a published job is published again.
    pub const fn republish_after(&self) -> Duration {
        Duration::from_secs(self.republish_after_seconds)
    }

    /// Returns the age at which a hand-over without an outcome is settled.
    pub const fn reconcile_after(&self) -> Duration {
        Duration::from_secs(self.reconcile_after_seconds)
    }
}
