//! Work that ends with a file, as the API has it: exports and access requests.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Context;
use clap::Args;
use reqwest::Method;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use crate::{
    commands::client::{Api, Where},
    out::say,
    table::Table,
};

/// The exit code of work that ends otherwise than with success.
const EXIT_NOT_DONE: u8 = 2;
/// Between two looks at the work.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

#[derive(Args)]
pub(crate) struct One {
    /// Its id.
    pub(crate) id: Uuid,
    #[command(flatten)]
    pub(crate) at: Where,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Download {
    /// Its id.
    pub(crate) id: Uuid,
    /// Where to.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) at: Where,
}

/// A resource of the API with work of this form, by its path below the organization.
pub(crate) struct Work(pub(crate) &'static str);

impl Work {
    /// Reads one.
    pub(crate) async fn get(&self, one: &One) -> anyhow::Result<Value> {
        one.at.open()?.get(&format!("{}/{}", self.0, one.id)).await
    }

    /// Does something with one.
    pub(crate) async fn post(&self, one: &One, act: &str) -> anyhow::Result<Value> {
        let api = one.at.open()?;
        let request = api.request(Method::POST, &format!("{}/{}/{act}", self.0, one.id));
        Ok(api.send(request).await?.json().await?)
    }

    /// Makes a link and prints it.
    pub(crate) async fn link(&self, one: &One) -> anyhow::Result<()> {
        let link = self.post(one, "links").await?;
        if one.json {
            return say!("{link}");
        }
        say!("{}", link["path"].as_str().unwrap_or_default())?;
        say!("until {}", link["expires_at"].as_str().unwrap_or_default())
    }

    /// Prints the links with their openings.
    pub(crate) async fn links(&self, one: &One) -> anyhow::Result<()> {
        let links = one.at.open()?.get(&format!("{}/{}/links", self.0, one.id)).await?;
        if one.json {
            return say!("{links}");
        }
        let mut table = Table::with_names(["member", "until", ">opened", "last", "from"]);
        for link in links["items"].as_array().into_iter().flatten() {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let last = &link["openings"][0];
            let opened = link["opened"].as_i64().unwrap_or_default().to_string();
            table.row([
                text(&link["member_id"]),
                text(&link["expires_at"]),
                opened,
                text(&last["at"]),
                text(&last["client_address"]),
            ]);
        }
        table.print("")
    }

    /// Makes a link of one's own, and writes the file.
    pub(crate) async fn download(&self, api: &Api, id: &str, output: &PathBuf) -> anyhow::Result<()> {
        let link: Value = api.send(api.request(Method::POST, &format!("{}/{id}/links", self.0))).await?.json().await?;
        let mut file = api.open_link(link["path"].as_str().context("the API told no path")?).await?;
        let mut partial = output.clone().into_os_string();
        partial.push(".partial");
        let mut written = tokio::fs::File::create(&partial).await.context("the file cannot be written")?;
        while let Some(piece) = file.chunk().await.context("the download broke off")? {
            written.write_all(&piece).await.context("the file cannot be written")?;
        }
        written.sync_all().await.context("the file cannot be written")?;
        tokio::fs::rename(&partial, output).await.context("the file cannot be written")
    }

    /// Looks at one until it is over; returns it.
    pub(crate) async fn until_over(&self, api: &Api, id: &str) -> anyhow::Result<Value> {
        loop {
            let work = api.get(&format!("{}/{id}", self.0)).await?;
            if !matches!(work["state"].as_str(), Some("waiting" | "running")) {
                return Ok(work);
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }
}

/// Returns the exit code for work that is over.
pub(crate) fn code(work: &Value) -> ExitCode {
    if work["state"] == "succeeded" { ExitCode::SUCCESS } else { ExitCode::from(EXIT_NOT_DONE) }
}

/// Returns the state, or why the file has ended.
pub(crate) fn state(work: &Value) -> String {
    let state = work["state"].as_str().unwrap_or_default();
    match work["file_end"].as_str() {
        Some(end) => format!("{state}, file ended ({end})"),
        None => state.to_owned(),
    }
}
