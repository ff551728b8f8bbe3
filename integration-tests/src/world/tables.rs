//! Words for tables.

use crate::{Rows, World};

/// One word a table.
macro_rules! tables {
    ($($(#[$doc:meta])* $word:ident = $table:literal;)*) => {
        impl World {
            $($(#[$doc])* pub fn $word(&self) -> Rows { self.rows($table) })*
        }
    };
}

tables! {
    /// Batches of goals.
    batches = "batch";
    /// Holds of brands.
    brand_holds = "brand_hold";
    /// Contacts.
    contacts = "contact";
    /// Messages that could not be read, or were given up by the broker.
    dead_letters = "dead_letter";
    /// Estimates of goals.
    estimates = "goal_estimate";
    /// Goals.
    goals = "goal";
    /// Agents that an import's file names.
    import_assignments = "import_assignment";
    /// Parts of imports.
    import_parts = "import_part";
    /// Imports.
    imports = "import";
    /// Jobs.
    jobs = "job";
    /// Settings of operators for kinds and tenants.
    job_policies = "job_policy";
    /// Days of caps.
    ledgers = "cap_ledger";
    /// Contacts in groups.
    memberships = "membership";
    /// Messages, in both directions.
    messages = "message";
    /// Processes that have said that they live.
    processes = "process";
    /// Receipts of the carrier.
    receipts = "receipt";
    /// Redactions.
    redactions = "redaction";
    /// Schedules.
    schedules = "schedule";
    /// Hashes of numbers that are kept after a redaction.
    suppressions = "suppression";
    /// Contacts that goals are for.
    targets = "target";
    /// Conversations.
    threads = "thread";
    /// Firings of schedules.
    ticks = "tick";
    /// Timers.
    timers = "timer";
    /// Unique keys that jobs hold.
    unique_keys = "job_unique";
    /// Webhooks as they came.
    webhooks = "webhook";
}
