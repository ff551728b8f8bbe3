//! `muster health`: whether a process is ready, for machines and images that have no other client of
//! HTTP.

use std::time::Duration;

use anyhow::Context;
use reqwest::Client;

use crate::out::say;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The address that the process's health is asked at.
    #[arg(default_value = "http://127.0.0.1:9090/readyz", value_name = "URL")]
    url: String,
    /// Seconds to wait for the answer.
    #[arg(long, default_value_t = 5, value_name = "S")]
    wait_seconds: u64,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    // Another part of the process may have installed it already.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let http = Client::builder().timeout(Duration::from_secs(args.wait_seconds)).no_proxy().build()?;
    let response = http.get(&args.url).send().await.context("the process does not answer")?;
    let status = response.status();
    let missing = response.text().await.unwrap_or_default();
    anyhow::ensure!(status.is_success(), "not ready ({}): {missing}", status.as_u16());
    say!("ready")?;
    Ok(())
}
