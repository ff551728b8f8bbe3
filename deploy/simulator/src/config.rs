//! Options of a simulator. How it treats messages is in `behaviour`.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use crate::behaviour::Behaviour;

/// The settings of one simulator. Every field has a default, so `{}` is a whole configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where to listen; port 0 takes a free one. Default `127.0.0.1:0`.
    pub listen: SocketAddr,
    /// The account that clients sign in as. Default `AC` and 32 zeros.
    pub account_sid: String,
    /// The account's secret: the password of requests and the key of signatures. Default
    /// `simulator`.
    pub auth_token: String,
    /// The seed of every draw: the same seed gives the same messages the same fate. Default 0.
    pub seed: u64,
    /// Log of accepted messages, one JSON line each; `<log_file>.events` beside it holds their
    /// later events. Without it, nothing outlives the process. Default none.
    pub log_file: Option<PathBuf>,
    /// Where inbound texts are posted. Without it, nobody replies. Default none.
    pub inbound_url: Option<String>,
    /// How many webhooks may be in flight at once. Default 16.
    pub webhook_concurrency: usize,
    /// How long one webhook may take to answer. Default 10 seconds.
    pub webhook_timeout_ms: u64,
    /// For how long a webhook that does not answer 2xx is tried again. Default 2 minutes.
    pub webhook_give_up_after_ms: u64,
    /// How many receipts and replies may wait to be posted; creates beyond it answer 429. Default
    /// 200,000.
    pub max_pending_webhooks: u64,
    /// How messages are treated; replaceable at run time.
    pub behaviour: Behaviour,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            account_sid: format!("AC{}", "0".repeat(32)),
            auth_token: "simulator".to_owned(),
            seed: 0,
            log_file: None,
            inbound_url: None,
            webhook_concurrency: 16,
            webhook_timeout_ms: 10_000,
            webhook_give_up_after_ms: 120_000,
            max_pending_webhooks: 200_000,
            behaviour: Behaviour::default(),
        }
    }
}

impl Config {
    /// Fails with the fault of the settings, if there is one.
    pub(crate) fn validate(&self) -> anyhow::Result<()> {
        ensure!(!self.account_sid.is_empty(), "account_sid must not be empty");
        ensure!(self.webhook_concurrency > 0, "webhook_concurrency must be at least 1");
        if let Some(url) = &self.inbound_url {
            reqwest::Url::parse(url).with_context(|| format!("inbound_url `{url}` is not a URL"))?;
        }
        self.behaviour.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_object_is_the_default() {
        let config: Config = serde_json::from_str("{}").unwrap();
        assert_eq!(config, Config::default());
        config.validate().unwrap();
    }

    #[test]
    fn a_misspelt_setting_is_refused() {
        let error = serde_json::from_str::<Config>(r#"{"sed": 7}"#).unwrap_err();
        assert!(error.to_string().contains("sed"), "{error}");
        serde_json::from_str::<Config>(r#"{"behaviour": {"receipts": {"enable": true}}}"#).unwrap_err();
    }

    #[test]
    fn an_inbound_url_that_is_none_is_refused() {
        let config = Config { inbound_url: Some("localhost".to_owned()), ..Config::default() };
        let error = config.validate().unwrap_err();
        assert!(error.to_string().contains("inbound_url"), "{error}");
    }
}
