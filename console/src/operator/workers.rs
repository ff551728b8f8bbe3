//! `/operator/workers`: the daemons, the jobs in their hands, and whether each is safe to stop.

use std::collections::BTreeMap;

use askama::Template;
use axum::{extract::Path, response::Response};
use serde::Deserialize;
use serde_json::json;

use crate::{
    client::{Operation, Problem, operations::operator as operations},
    form::Fields,
    operator::{figures::span, looks::Look, session::Me},
    page::{Page, html},
    words::operator as words,
};

/// A process of the installation.
#[derive(Debug, Deserialize)]
pub(crate) struct Daemon {
    name: String,
    /// `api`, `scheduler` or `worker`.
    pub(crate) role: String,
    started_at: String,
    seen_seconds_ago: f64,
    /// It lives, by its heartbeat.
    pub(crate) alive: bool,
    kinds: Option<Vec<String>>,
    /// Since when it takes no more jobs.
    pub(crate) draining_since: Option<String>,
    running: BTreeMap<String, i64>,
    safe_to_stop: bool,
}

impl Daemon {
    fn role_name(&self) -> &'static str {
        words::role(&self.role)
    }

    fn is_worker(&self) -> bool {
        self.role == "worker"
    }

    fn seen(&self) -> String {
        span(self.seen_seconds_ago)
    }

    /// Returns the address of an act on it.
    fn act(&self, verb: &str) -> String {
        let path = operations::DRAIN.at(&[&self.name]).replace("/v1/operator/daemons/", "/operator/workers/");
        format!("{}/{verb}", path.strip_suffix("/drain").unwrap_or(&path))
    }

    /// Returns the tone and the words of its state.
    fn state(&self) -> (&'static str, &'static str) {
        match (self.alive, &self.draining_since, self.safe_to_stop) {
            (false, ..) => ("bad", "Silent"),
            (true, Some(_), true) => ("good", "Drained"),
            (true, Some(_), false) => ("wait", "Draining"),
            (true, None, _) => ("good", "Works"),
        }
    }

    /// Returns whether it can be stopped, in a sentence.
    fn stop(&self) -> &'static str {
        match (self.is_worker(), self.safe_to_stop, &self.draining_since) {
            (false, ..) => "Safe to stop at any time: others go on with its work.",
            (true, true, Some(_)) => "Safe to stop: it has no job, and takes none.",
            (true, true, None) => "Safe at this moment; it may take a job in the next. Drain it first.",
            (true, false, Some(_)) => "Wait: it finishes the jobs in its hands.",
            (true, false, None) => "Drain it first: a job that is stopped in the middle begins again.",
        }
    }
}

#[derive(Template)]
#[template(path = "operator/workers.html")]
struct WorkersPage {
    page: Page,
    me: Me,
    daemons: Vec<Daemon>,
}

pub(crate) async fn show(look: Look) -> Result<Response, Problem> {
    let mut daemons: Vec<Daemon> = look.read(&operations::DAEMONS, &[], &[]).await?;
    daemons.sort_by_key(|daemon| !daemon.is_worker());
    Ok(html(&WorkersPage { page: look.page("Workers", "workers"), me: look.me, daemons }))
}

pub(crate) async fn act(
    look: Look,
    Path((name, verb)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let (operation, done): (&'static Operation, _) = match verb.as_str() {
        "drain" => (&operations::DRAIN, "It takes no more jobs, and finishes those in its hands."),
        "undrain" => (&operations::UNDRAIN, "It takes jobs again."),
        _ => return Err(Problem::nothing()),
    };
    let body = json!({ "reason": fields.get("reason") });
    look.act_and_see(operation, &[&name], &body, done, "/operator/workers").await
}
