//! `muster tags`: an organization's tags, through the API.

use std::time::Duration;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    commands::client::{Api, Where},
    out::say,
    table::Table,
};

/// Between two looks at a merge.
const LOOK: Duration = Duration::from_millis(500);

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List tags, the oldest first.
    List(List),
    /// Make a tag.
    Create(Create),
    /// Give a tag another name.
    Rename(Rename),
    /// Keep files and agents from giving a tag.
    Lock(One),
    /// Let files and agents give a tag again.
    Unlock(One),
    /// Merge a tag into another, and follow the job to its end.
    Merge(Merge),
}

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    at: Where,
    /// Only tags with these words in their name.
    #[arg(long)]
    search: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct Create {
    /// Its name.
    name: String,
    /// Agents may name it as the reason of an opt-out or a skip.
    #[arg(long)]
    reason: bool,
    #[command(flatten)]
    at: Where,
}

#[derive(Args)]
pub(crate) struct One {
    /// The tag.
    id: Uuid,
    #[command(flatten)]
    at: Where,
}

#[derive(Args)]
pub(crate) struct Rename {
    #[command(flatten)]
    one: One,
    /// Its new name.
    #[arg(long)]
    name: String,
}

#[derive(Args)]
pub(crate) struct Merge {
    #[command(flatten)]
    one: One,
    /// The other tag, which stays.
    #[arg(long)]
    into: Uuid,
}

pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List(args) => list(&args).await,
        Command::Create(args) => {
            let api = args.at.open()?;
            let body = json!({ "name": args.name, "reason": args.reason });
            let made: Value = api.send(api.request(Method::POST, "tags").json(&body)).await?.json().await?;
            say!("{}", made["id"].as_str().unwrap_or_default())
        }
        Command::Rename(args) => edit(&args.one, &json!({ "name": args.name })).await,
        Command::Lock(one) => edit(&one, &json!({ "locked": true })).await,
        Command::Unlock(one) => edit(&one, &json!({ "locked": false })).await,
        Command::Merge(args) => merge(&args).await,
    }
}

async fn list(args: &List) -> anyhow::Result<()> {
    let api = args.at.open()?;
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let mut asked = api.request(Method::GET, "tags").query(&[("limit", "500")]);
        if let Some(words) = &args.search {
            asked = asked.query(&[("search", words)]);
        }
        if !cursor.is_empty() {
            asked = asked.query(&[("cursor", &cursor)]);
        }
        let page: Value = api.send(asked).await?.json().await?;
        items.extend(page["items"].as_array().into_iter().flatten().cloned());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    if args.json {
        return say!("{}", Value::Array(items));
    }
    let mut table = Table::with_names(["id", "name", "locked", "reason"]);
    for item in &items {
        let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
        let mark = |name: &str| if item[name] == true { name.to_owned() } else { String::new() };
        table.row([text("id"), text("name"), mark("locked"), mark("reason")]);
    }
    table.print("")
}

async fn edit(one: &One, body: &Value) -> anyhow::Result<()> {
    let api = one.at.open()?;
    let asked = api.request(Method::PATCH, &format!("tags/{}", one.id)).json(body);
    let tag: Value = api.send(asked).await?.json().await?;
    let locked = if tag["locked"] == true { ", locked" } else { "" };
    say!("{}{locked}", tag["name"].as_str().unwrap_or_default())
}

async fn merge(args: &Merge) -> anyhow::Result<()> {
    let api = args.one.at.open()?;
    let path = format!("tags/{}/merge", args.one.id);
    let asked = api.request(Method::POST, &path).json(&json!({ "into": args.into }));
    let made: Value = api.send(asked).await?.json().await?;
    let merge = follow(&api, made["id"].as_str().unwrap_or_default()).await?;
    say!("{} contacts have the other tag", merge["contacts"].as_i64().unwrap_or_default())
}

async fn follow(api: &Api, id: &str) -> anyhow::Result<Value> {
    loop {
        let merge = api.get(&format!("merges/{id}")).await?;
        if merge["step"] == "done" {
            return Ok(merge);
        }
        tokio::time::sleep(LOOK).await;
    }
}
