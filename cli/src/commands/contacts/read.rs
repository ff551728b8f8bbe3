//! `muster contacts list | show`.

use clap::Args;
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use super::filter::Filter;
use crate::{commands::client::Where, out::say, table::Table};

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    filter: Filter,
    /// Contacts at most.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
    /// The `next` of the page before.
    #[arg(long)]
    cursor: Option<Uuid>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct Show {
    /// The contact.
    id: Uuid,
    #[command(flatten)]
    at: Where,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn list(args: &List) -> anyhow::Result<()> {
    let api = args.at.open()?;
    let mut query = args.filter.query();
    query.push(("limit".to_owned(), args.limit.to_string()));
    query.extend(args.cursor.map(|cursor| ("cursor".to_owned(), cursor.to_string())));
    let page: Value = api.send(api.request(Method::GET, "contacts").query(&query)).await?.json().await?;
    if args.json {
        return say!("{page}");
    }
    let mut table = Table::with_names(["id", "phone", "name", "tags", "standing"]);
    for contact in page["items"].as_array().into_iter().flatten() {
        table.row([text(contact, "id"), text(contact, "phone"), name(contact), tags(contact), standing(contact)]);
    }
    table.print("")?;
    match page["next"].as_str() {
        Some(next) => say!("more: --cursor {next}"),
        None => Ok(()),
    }
}

pub(super) async fn show(args: &Show) -> anyhow::Result<()> {
    let contact = args.at.open()?.get(&format!("contacts/{}", args.id)).await?;
    if args.json { say!("{contact}") } else { print(&contact) }
}

fn text(of: &Value, name: &str) -> String {
    of[name].as_str().unwrap_or_default().to_owned()
}

fn name(contact: &Value) -> String {
    format!("{} {}", text(contact, "first_name"), text(contact, "last_name")).trim().to_owned()
}

fn tags(contact: &Value) -> String {
    let tags: Vec<_> = contact["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    tags.join(", ")
}

/// Returns why a contact is not texted, in a word.
fn standing(contact: &Value) -> String {
    let word = if !contact["redacted_at"].is_null() {
        "redacted"
    } else if !contact["opted_out_at"].is_null() {
        "opted out"
    } else if matches!(contact["line_type"].as_str(), Some("landline" | "invalid")) {
        "not textable"
    } else if contact["memberships"].as_array().is_some_and(|all| all.iter().any(|one| one["active"] == true)) {
        "active"
    } else {
        "deactivated"
    };
    word.to_owned()
}

/// A contact for people.
pub(super) fn print(contact: &Value) -> anyhow::Result<()> {
    say!("contact {} ({})", text(contact, "id"), standing(contact))?;
    let mut table = Table::of([false; 2]);
    table.row(["name".to_owned(), name(contact)]);
    for member in ["phone", "email", "postal_code", "external_id", "notes", "source", "consent_text", "created_at"] {
        if let Some(value) = contact[member].as_str() {
            table.row([member.to_owned(), value.to_owned()]);
        }
    }
    for (field, value) in contact["fields"].as_object().into_iter().flatten() {
        table.row([field.clone(), value.as_str().unwrap_or_default().to_owned()]);
    }
    table.row(["tags".to_owned(), tags(contact)]);
    for one in contact["memberships"].as_array().into_iter().flatten() {
        let active = if one["active"] == true { "active" } else { "deactivated" };
        let agent = one["assigned_agent_id"].as_str().map(|agent| format!(", agent {agent}")).unwrap_or_default();
        table.row([format!("group {}", text(one, "group_id")), format!("{active}{agent}")]);
    }
    table.print("  ")
}
