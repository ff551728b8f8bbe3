//! `[process]`: every daemon's name, address, log and traces.

use std::time::Duration;

use super::{
    key::{default, unset},
    section::{Check, section},
};

section! {
    /// Every daemon's name, address, log and traces.
    Process in "process" {
        /// Its name in logs, traces and the broker. Unique among the processes that run.
        name: String = default(format!("pid-{}", std::process::id())), shown "`pid-` and the process's id";
        /// Address on which it listens: the api for everything, the scheduler and workers for
        /// health and metrics.
        listen: String = default("127.0.0.1:8080"), env "listen";
        /// Filter of the log, in the syntax of `tracing`.
        log: String = default("info"), env "log";
        /// Base URL of a collector that takes OTLP over HTTP; without it, no traces are exported.
        otlp_endpoint: Option<String> = unset(), env "otlp_endpoint";
        /// Push metrics to the collector as well, every 15 seconds.
        otlp_metrics: bool = default(false), env "otlp_metrics";
        /// Send log lines to the collector as well, by the filter of `log`.
        otlp_logs: bool = default(false), env "otlp_logs";
        /// Seconds that a process that is asked to stop has to finish its work in hand.
        shutdown_grace_seconds: u64 = default(25_u64), within 1..=86_400, env "shutdown_grace_seconds";
    }
}

impl Check for Process {}

impl Process {
    /// Returns the time to stop in.
    pub const fn shutdown_grace(&self) -> Duration {
        Duration::from_secs(self.shutdown_grace_seconds)
    }
}
