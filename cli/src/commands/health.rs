//! `muster health`: whether daemons live and can work, for containers and scripts.

use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::client::http_client;
use crate::out::say;

/// The longest wait for an answer.
const LONGEST_ANSWER: Duration = Duration::from_secs(5);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Base URLs of daemons, of the api's health listener where it has one of its own. One with a
    /// path is asked as it is.
    #[arg(
        default_value = "http://127.0.0.1:9090",
        env = "MUSTER_HEALTH_URL",
        value_name = "URL",
        value_delimiter = ','
    )]
    urls: Vec<String>,
    /// Ask whether they live, and not whether they can work.
    #[arg(long)]
    live: bool,
    /// Print a JSON list of `{url, ok, problems}`.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let http = http_client().timeout(LONGEST_ANSWER).build()?;
    let path = if args.live { "livez" } else { "readyz" };
    let mut all = Vec::new();
    for url in &args.urls {
        let has_path = reqwest::Url::parse(url).is_ok_and(|url| url.path() != "/");
        let asks = if has_path { url.clone() } else { format!("{}/{path}", url.trim_end_matches('/')) };
        let problems = match asked(&http, &asks).await {
            Ok(problems) => problems,
            Err(error) => json!({ "daemon": format!("{error:#}") }),
        };
        let ok = problems.as_object().is_some_and(serde_json::Map::is_empty);
        if !args.json {
            let told = problems.as_object().into_iter().flatten();
            let told: Vec<_> =
                told.map(|(part, why)| format!("{part}: {}", why.as_str().unwrap_or_default())).collect();
            say!("{} {url} {}", if ok { "ok  " } else { "FAIL" }, told.join("; "))?;
        }
        all.push(json!({ "url": url, "ok": ok, "problems": problems }));
    }
    if args.json {
        say!("{}", Value::from(all.clone()))?;
    }
    let failed = all.iter().filter(|one| one["ok"] == false).count();
    if failed > 0 {
        bail!("{failed} of {} daemons are not well", all.len());
    }
    Ok(())
}

/// Returns the missing parts of a daemon.
async fn asked(http: &reqwest::Client, url: &str) -> anyhow::Result<Value> {
    let response = http.get(url).send().await.context("no answer")?;
    let (status, text) = (response.status(), response.text().await.unwrap_or_default());
    match serde_json::from_str(&text) {
        Ok(problems @ Value::Object(_)) => Ok(problems),
        _ if status.is_success() => Ok(json!({})),
        _ => bail!("answered {status}"),
    }
}
