//! The daemons' configuration in tests: production's keys, with timings that make a test short.

use std::collections::BTreeMap;

use muster_service::config::{self, Settings};

/// The account at the carrier.
pub const CARRIER_ACCOUNT: &str = "AC00000000000000000000000000000001";
/// The carrier's secret.
pub const CARRIER_SECRET: &str = "the carrier's secret";

/// Keys, named as in the environment, and values in TOML's syntax; a test's own wins over the one
/// here.
#[derive(Debug, Clone)]
pub struct TestSettings(BTreeMap<String, String>);

impl TestSettings {
    pub(crate) fn new(database_url: &str, amqp_url: &str, management_url: &str, object_store_url: &str) -> Self {
        let text = |text: &str| format!("{text:?}");
        let values = [
            ("database_url", text(database_url)),
            ("database_max_connections", "12".to_owned()),
            ("amqp_url", text(amqp_url)),
            ("rabbitmq_management_url", text(management_url)),
            ("object_store_url", text(object_store_url)),
            // Port 9 is `discard`, where nobody listens.
            ("carrier_url", text("http://127.0.0.1:9")),
            ("carrier_account_sid", text(CARRIER_ACCOUNT)),
            ("carrier_auth_token", text(CARRIER_SECRET)),
            ("carrier_timeout_ms", "1000".to_owned()),
            ("public_url", text("http://127.0.0.1:9")),
            ("phone_hash_key", text(&"0123456789abcdef".repeat(4))),
            ("sign_in_key", text(&"fedcba9876543210".repeat(4))),
            ("mail_from", text("Muster <muster@example.org>")),
            // No request is given up because the machine is busy with other tests.
            ("request_timeout_seconds", "120".to_owned()),
            ("job_lease_seconds", "3".to_owned()),
            ("republish_after_seconds", "3".to_owned()),
            ("reconcile_after_seconds", "4".to_owned()),
            ("sweep_interval_ms", "200".to_owned()),
            ("relay_poll_ms", "100".to_owned()),
            ("timer_poll_ms", "50".to_owned()),
            ("retry_base_ms", "50".to_owned()),
            ("retry_max_ms", "500".to_owned()),
            ("shutdown_grace_seconds", "8".to_owned()),
        ];
        Self(values.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// Sets a key; `value` is in TOML's syntax, so a text has its quotes.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// Leaves a key unset.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.0.remove(key);
        self
    }

    /// Returns the configuration file.
    pub fn toml(&self) -> String {
        let line = |(name, value): (&String, &String)| {
            let key =
                config::key_of_environment(name).unwrap_or_else(|| panic!("{name} is no key of the configuration"));
            format!("{} = {value}\n", key.path())
        };
        self.0.iter().map(line).collect()
    }

    /// Returns the settings that a process reads from that file.
    pub fn settings<S: Settings>(&self) -> S {
        S::from_toml(&self.toml()).expect("the tests' settings")
    }
}
