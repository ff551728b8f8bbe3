//! `muster contacts join | leave | assign | deactivate | reactivate | opt-out`.

use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{commands::client::Where, out::say};

#[derive(Args)]
pub(crate) struct InGroup {
    /// The contact.
    id: Uuid,
    #[command(flatten)]
    at: Where,
    /// The group.
    #[arg(long)]
    group: Uuid,
}

#[derive(Args)]
pub(crate) struct Assign {
    #[command(flatten)]
    of: InGroup,
    /// The agent; none where this is not given.
    #[arg(long)]
    agent: Option<Uuid>,
}

#[derive(Args)]
pub(crate) struct OptOut {
    /// The contact.
    id: Uuid,
    #[command(flatten)]
    at: Where,
    /// How it is known; no personal data.
    #[arg(long)]
    reason: String,
}

async fn act(of: &InGroup, method: Method, body: Option<Value>, done: &str) -> anyhow::Result<()> {
    let api = of.at.open()?;
    let request = api.request(method, &format!("groups/{}/contacts/{}", of.group, of.id));
    api.send(match &body {
        Some(body) => request.json(body),
        None => request,
    })
    .await?;
    say!("{done}")
}

pub(super) async fn join(of: &InGroup) -> anyhow::Result<()> {
    act(of, Method::PUT, None, "the contact is in the group").await
}

pub(super) async fn leave(of: &InGroup) -> anyhow::Result<()> {
    act(of, Method::DELETE, None, "the contact has left the group").await
}

pub(super) async fn assign(args: &Assign) -> anyhow::Result<()> {
    let done = if args.agent.is_some() { "the contact is the agent's" } else { "the contact has no agent" };
    act(&args.of, Method::PATCH, Some(json!({ "assigned_agent_id": args.agent })), done).await
}

pub(super) async fn set_active(of: &InGroup, active: bool) -> anyhow::Result<()> {
    let done = if active { "the contact is active" } else { "the contact is deactivated" };
    act(of, Method::PATCH, Some(json!({ "active": active })), done).await
}

pub(super) async fn opt_out(args: &OptOut) -> anyhow::Result<()> {
    let api = args.at.open()?;
    let request = api.request(Method::POST, &format!("contacts/{}/opt-out", args.id));
    api.send(request.json(&json!({ "reason": args.reason }))).await?;
    say!("the contact has opted out")
}
