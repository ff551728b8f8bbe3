//! What is in force where nothing is said.

pub(super) const fn database_max_connections() -> u32 {
    20
}

pub(super) fn object_store_region() -> String {
    "us-east-1".to_owned()
}

pub(super) const fn carrier_timeout_ms() -> u64 {
    10_000
}

pub(super) const fn carrier_concurrency() -> usize {
    10
}

pub(super) fn listen() -> String {
    "127.0.0.1:8080".to_owned()
}

pub(super) const fn listen_max_connections() -> usize {
    // With what else is open, below the 1,024 files that processes usually may have.
    800
}

pub(super) const fn header_timeout_seconds() -> u64 {
    10
}

pub(super) const fn idle_timeout_seconds() -> u64 {
    // More than the 60 s after which proxies usually let go, so that they are first.
    75
}

pub(super) const fn write_timeout_seconds() -> u64 {
    30
}

pub(super) const fn request_timeout_seconds() -> u64 {
    15
}

pub(super) const fn upload_bytes_per_second() -> u64 {
    1_024
}

pub(super) fn process_name() -> String {
    format!("pid-{}", std::process::id())
}

pub(super) fn log() -> String {
    "info".to_owned()
}

pub(super) const fn job_lease_seconds() -> u64 {
    30
}

pub(super) const fn retry_base_ms() -> u64 {
    1_000
}

pub(super) const fn retry_max_ms() -> u64 {
    300_000
}

pub(super) const fn relay_poll_ms() -> u64 {
    1_000
}

pub(super) const fn timer_poll_ms() -> u64 {
    1_000
}

pub(super) const fn sweep_interval_ms() -> u64 {
    2_000
}

pub(super) const fn republish_after_seconds() -> u64 {
    60
}

pub(super) const fn reconcile_after_seconds() -> u64 {
    60
}

pub(super) const fn job_history_days() -> u64 {
    30
}

pub(super) const fn tick_history_days() -> u64 {
    90
}

pub(super) const fn dead_letter_history_days() -> u64 {
    90
}

pub(super) const fn process_history_days() -> u64 {
    30
}

pub(super) const fn shutdown_grace_seconds() -> u64 {
    25
}

pub(super) const fn import_part_bytes() -> u64 {
    4 * 1024 * 1024
}

pub(super) const fn import_shard_bytes() -> u64 {
    4 * 1024 * 1024
}

pub(super) const fn import_rejects_kept() -> u64 {
    100_000
}

pub(super) const fn import_rejects_kept_bytes() -> u64 {
    64 * 1024 * 1024
}

pub(super) const fn import_rejects_days() -> u64 {
    90
}

pub(super) const fn upload_limit_bytes() -> u64 {
    10 * 1024 * 1024 * 1024
}
