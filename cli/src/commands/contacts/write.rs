//! `muster contacts save | edit`.

use anyhow::{Context, bail};
use clap::Args;
use reqwest::{Method, header};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::read;
use crate::{commands::client::Where, out::say};

/// Values of a contact. In an edit an empty one takes the value away.
#[derive(Args)]
pub(crate) struct Values {
    /// Given name.
    #[arg(long)]
    first_name: Option<String>,
    /// Family name.
    #[arg(long)]
    last_name: Option<String>,
    /// E-mail address.
    #[arg(long)]
    email: Option<String>,
    /// Postal code.
    #[arg(long)]
    postal_code: Option<String>,
    /// Notes for agents.
    #[arg(long)]
    notes: Option<String>,
    /// Your own id of the person.
    #[arg(long)]
    external_id: Option<String>,
    /// A custom field; may be given several times.
    #[arg(long = "field", value_name = "NAME=VALUE", value_parser = field)]
    fields: Vec<(String, String)>,
}

fn field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("{text:?} is not NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Values {
    fn members(&self) -> Map<String, Value> {
        let or_none = |value: &String| if value.is_empty() { Value::Null } else { json!(value) };
        let mut members = Map::new();
        for (name, value) in [("first_name", &self.first_name), ("last_name", &self.last_name)] {
            members.extend(value.iter().map(|value| (name.to_owned(), json!(value))));
        }
        for (name, value) in [
            ("email", &self.email),
            ("postal_code", &self.postal_code),
            ("notes", &self.notes),
            ("external_id", &self.external_id),
        ] {
            members.extend(value.iter().map(|value| (name.to_owned(), or_none(value))));
        }
        let fields: Map<_, _> = self.fields.iter().map(|(name, value)| (name.clone(), or_none(value))).collect();
        if !fields.is_empty() {
            members.insert("fields".to_owned(), Value::Object(fields));
        }
        members
    }
}

#[derive(Args)]
pub(crate) struct Save {
    /// The number.
    phone: String,
    #[command(flatten)]
    at: Where,
    /// The group that the contact joins.
    #[arg(long)]
    group: Uuid,
    #[command(flatten)]
    values: Values,
    /// A tag; may be given several times.
    #[arg(long = "tag")]
    tags: Vec<String>,
    /// The contact's agent in the group.
    #[arg(long)]
    agent: Option<Uuid>,
    /// The consent that the person gave.
    #[arg(long)]
    consent_text: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct Edit {
    /// The contact.
    id: Uuid,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    values: Values,
    /// A tag to add; may be given several times.
    #[arg(long = "tag")]
    tags: Vec<String>,
    /// A tag to take away; may be given several times.
    #[arg(long = "untag")]
    untags: Vec<String>,
    /// Print the contact as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn save(args: &Save) -> anyhow::Result<()> {
    let api = args.at.open()?;
    let mut body = args.values.members();
    body.insert("phone".to_owned(), json!(args.phone));
    body.insert("group_id".to_owned(), json!(args.group));
    body.insert("tags".to_owned(), json!(args.tags));
    body.extend(args.agent.map(|agent| ("assigned_agent_id".to_owned(), json!(agent))));
    body.extend(args.consent_text.iter().map(|text| ("consent_text".to_owned(), json!(text))));
    let saved: Value = api.send(api.request(Method::POST, "contacts").json(&body)).await?.json().await?;
    if args.json {
        return say!("{saved}");
    }
    say!("{} {}", saved["id"].as_str().unwrap_or_default(), saved["outcome"].as_str().unwrap_or_default())
}

pub(super) async fn edit(args: &Edit) -> anyhow::Result<()> {
    let api = args.at.open()?;
    let path = format!("contacts/{}", args.id);
    let read = api.send(api.request(Method::GET, &path)).await?;
    let tag = read.headers().get(header::ETAG).context("the API tells no version of the contact")?.clone();
    let before: Value = read.json().await?;
    let mut body = args.values.members();
    if !args.tags.is_empty() || !args.untags.is_empty() {
        let had = before["tags"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let kept = had.filter(|name| !args.untags.iter().any(|gone| gone == name));
        let all: Vec<_> = kept.chain(args.tags.iter().map(String::as_str)).collect();
        body.insert("tags".to_owned(), json!(all));
    }
    if body.is_empty() {
        bail!("nothing is to be changed: give --first-name, --tag or another option");
    }
    let request = api.request(Method::PATCH, &path).header(header::IF_MATCH, tag).json(&body);
    let after: Value = api.send(request).await?.json().await?;
    if args.json { say!("{after}") } else { read::print(&after) }
}
