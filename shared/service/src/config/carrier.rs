//! `[carrier]`: two sections in one table, because the api needs no more than the signatures of
//! webhooks are checked with.

use std::time::Duration;

use secrecy::SecretString;

use super::{
    key::{default, required, unset},
    section::{Check, section},
};

section! {
    /// The carrier's webhooks.
    CarrierAccess in "carrier" {
        /// The account's secret. Workers send with it, and the api checks the signatures of
        /// webhooks with it.
        auth_token: SecretString = required();
        /// The api's base URL as the carrier reaches it; receipts are posted below it.
        public_url: String = required(), env "public_url";
    }
}

section! {
    /// The carrier's APIs.
    Gateway in "carrier" {
        /// Base URL of the Messages API.
        url: String = required();
        /// The account.
        account_sid: String = required();
        /// Base URL of the Lookup API, with the same account: the carrier of a number, and whether
        /// it is a landline (C5, S10). Without it no number is looked up. Lookups cost money; an
        /// organization can do without (`carrier_lookups`).
        lookup_url: Option<String> = unset(), env "lookup_url";
        /// Milliseconds that a request may take.
        timeout_ms: u64 = default(10_000_u64), within 1..=3_600_000;
        /// Requests at once, for each `send` job. A worker makes 85 times as many in all, so let it
        /// open more files than that.
        concurrency: usize = default(10_usize), within 1..=10_000;
    }
}

impl Check for CarrierAccess {}

impl Check for Gateway {}

impl Gateway {
    /// Returns the longest that a request may take.
    pub const fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}
