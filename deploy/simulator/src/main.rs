//! Runs the carrier simulator until it is told to stop.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Parser;
use muster_simulator::Config;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// A carrier to test against: Twilio's Messages API with a behaviour of your choice.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, env = "SIM_LISTEN")]
    listen: Option<SocketAddr>,
    /// The configuration, as JSON; the other flags go before it.
    #[arg(long, env = "SIM_CONFIG", value_name = "FILE.json")]
    config: Option<PathBuf>,
    /// The account that clients sign in as.
    #[arg(long, env = "SIM_ACCOUNT_SID")]
    account_sid: Option<String>,
    /// The account's secret.
    #[arg(long, env = "SIM_AUTH_TOKEN", hide_env_values = true)]
    auth_token: Option<String>,
    /// The seed of every draw.
    #[arg(long, env = "SIM_SEED")]
    seed: Option<u64>,
    /// Where accepted messages are logged; an existing log is taken up.
    #[arg(long, env = "SIM_LOG_FILE")]
    log_file: Option<PathBuf>,
    /// Where contacts' texts are posted.
    #[arg(long, env = "SIM_INBOUND_URL")]
    inbound_url: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let config = Args::parse().into_config()?;
    let mut terminate = signal(SignalKind::terminate()).context("waiting for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("waiting for SIGINT")?;
    let simulator = muster_simulator::start(config).await?;
    tracing::info!(url = %simulator.url, "the simulator listens");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("the simulator stops");
    simulator.shutdown().await;
    Ok(())
}

impl Args {
    /// Returns the configuration file, or the defaults, with the flags on top.
    fn into_config(self) -> anyhow::Result<Config> {
        let mut config = match &self.config {
            None => Config::default(),
            Some(path) => {
                let context = || format!("the configuration {}", path.display());
                let json = std::fs::read_to_string(path).with_context(context)?;
                serde_json::from_str(&json).with_context(context)?
            }
        };
        let Self { listen, config: _, account_sid, auth_token, seed, log_file, inbound_url } = self;
        config.listen = listen.unwrap_or(config.listen);
        config.account_sid = account_sid.unwrap_or(config.account_sid);
        config.auth_token = auth_token.unwrap_or(config.auth_token);
        config.seed = seed.unwrap_or(config.seed);
        config.log_file = log_file.or(config.log_file);
        config.inbound_url = inbound_url.or(config.inbound_url);
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_go_before_the_file() {
        let name = format!("sim-config-{}.json", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, r#"{"seed": 1, "auth_token": "from the file"}"#).unwrap();
        let file = path.to_str().unwrap();
        let args = Args::parse_from(["simulator", "--config", file, "--seed", "2"]);
        let config = args.into_config().unwrap();
        assert_eq!(config.seed, 2);
        assert_eq!(config.auth_token, "from the file");
        std::fs::remove_file(path).unwrap();
    }
}
