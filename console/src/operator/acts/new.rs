//! `GET /operator/acts/new` and `POST /operator/acts`: all jobs that match, counted first.

use askama::Template;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    client::{Problem, operations::operator as operations},
    form::{Fields, Query},
    operator::{figures::count, jobs::filter::Filter, looks::Look, session::Me},
    page::{Page, html, html_with},
};

/// The reason of a count, which the api wants and nobody keeps.
const COUNTING: &str = "counting";

#[derive(Debug, Deserialize)]
struct Asked {
    id: Option<String>,
    matching: f64,
}

#[derive(Template)]
#[template(path = "operator/act_new.html")]
struct NewAct {
    page: Page,
    me: Me,
    verb: &'static str,
    filter: Filter,
    /// None where the filter cannot be counted.
    matching: Option<f64>,
    rate: String,
    abort_above: String,
    reason: String,
}

impl NewAct {
    fn of(look: &Look, fields: &Fields) -> Self {
        let (verb, title) = match fields.get("verb") {
            "cancel" => ("cancel", "Cancel all that match"),
            _ => ("retry", "Run all again that match"),
        };
        Self {
            page: look.page(title, "acts"),
            me: look.me.clone(),
            verb,
            filter: Filter::of(fields),
            matching: None,
            rate: fields.some("rate").unwrap_or("10").to_owned(),
            abort_above: fields.some("abort_above").unwrap_or("20").to_owned(),
            reason: fields.get("reason").to_owned(),
        }
    }

    /// Returns how many jobs match, as a sentence says it.
    fn counted(&self) -> String {
        let matching = count(self.matching.unwrap_or_default());
        if matching == "1" { "1 job".to_owned() } else { format!("{matching} jobs") }
    }

    async fn count(&mut self, look: &Look) -> Result<(), Problem> {
        let body = json!({ "verb": self.verb, "filter": self.filter.body(), "dry_run": true, "reason": COUNTING });
        let asked: Asked = look.count(&operations::ACT_ON_JOBS, &body).await?;
        self.matching = Some(asked.matching);
        Ok(())
    }
}

pub(crate) async fn show(look: Look, Query(query): Query) -> Result<Response, Problem> {
    let mut page = NewAct::of(&look, &query);
    // The api counts for those alone that may act.
    if look.me.may_act() {
        match page.count(&look).await {
            Err(problem) if problem.is_of_the_input() => {
                page.page = page.page.refused(&problem);
                return Ok(html_with(problem.status(), &page));
            }
            counted => counted?,
        }
    }
    Ok(html(&page))
}

/// Begins the act, or shows its form again with the fault.
pub(crate) async fn create(look: Look, fields: Fields) -> Result<Response, Problem> {
    let mut page = NewAct::of(&look, &fields);
    let body = json!({
        "verb": page.verb,
        "filter": page.filter.body(),
        "rate": number(&page.rate),
        "abort_above": share(&page.abort_above),
        "reason": page.reason,
    });
    match look.act::<Asked>(&operations::ACT_ON_JOBS, &[], &body).await {
        Ok(asked) => {
            let to = format!("/operator/acts/{}", asked.id.unwrap_or_default());
            look.told(Ok(to), &format!("It has begun with {} jobs.", count(asked.matching)), "/operator/acts")
        }
        Err(problem) if problem.is_of_the_input() => {
            page.count(&look).await.ok();
            page.page = page.page.refused(&problem);
            Ok(html_with(problem.status(), &page))
        }
        Err(problem) => Err(problem),
    }
}

/// Returns a text as a number; one that is none goes to the api as it is, which refuses it.
fn number(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number))
}

/// Returns percent as a share.
fn share(text: &str) -> Value {
    text.parse::<f64>().map_or_else(|_| json!(text), |percent| json!(percent / 100.0))
}
