//! `GET /operator`: the figures of the whole installation.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use serde::Deserialize;

use crate::{
    client::{Problem, operations::operator as operations},
    operator::session::Me,
    page::{Page, html},
    visit::Visit,
};

#[derive(Debug, Deserialize)]
struct Overview {
    taken_at: Option<String>,
    figures: Vec<Figure>,
}

#[derive(Debug, Deserialize)]
struct Figure {
    name: String,
    help: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Figure {
    fn labels(&self) -> String {
        self.labels.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
    }
}

#[derive(Template)]
#[template(path = "operator/overview.html")]
struct OverviewPage {
    page: Page,
    me: Me,
    overview: Overview,
}

pub(crate) async fn show(visit: Visit) -> Result<Response, Problem> {
    let me: Me = visit.call(&operations::ME, []).read().await?;
    let overview: Overview = visit.call(&operations::OVERVIEW, []).read().await?;
    Ok(html(&OverviewPage { page: visit.page("Overview", "overview"), me, overview }))
}
