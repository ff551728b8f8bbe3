//! `GET /operator/held`: texts that are kept back, by reason, and brands that carriers hold.

use askama::Template;
use axum::response::Response;
use serde::Deserialize;

use crate::{
    client::{Problem, operations::operator as operations},
    operator::{
        figures::{Bars, count},
        looks::Look,
        session::Me,
    },
    page::{Page, html},
    words::operator::{self as words, Said, hold_reason},
};

#[derive(Debug, Deserialize)]
struct Held {
    taken_at: Option<String>,
    texts: Vec<Texts>,
    brands: Vec<Brand>,
}

#[derive(Debug, Deserialize)]
struct Texts {
    reason: String,
    texts: f64,
}

impl Texts {
    fn said(&self) -> Said {
        hold_reason(&self.reason)
    }

    fn shown(&self) -> String {
        count(self.texts)
    }
}

#[derive(Debug, Deserialize)]
struct Brand {
    brand_id: String,
    account_id: String,
    reason: String,
    code: i32,
    since: String,
    until: Option<String>,
}

impl Brand {
    fn means(&self) -> &'static str {
        words::brand_hold(&self.reason)
    }
}

#[derive(Template)]
#[template(path = "operator/held.html")]
struct HeldPage {
    page: Page,
    me: Me,
    held: Held,
    bars: Bars,
}

pub(crate) async fn show(look: Look) -> Result<Response, Problem> {
    let held: Held = look.read(&operations::HOLDS, &[], &[]).await?;
    let bars = Bars::of(held.texts.iter().map(|texts| (texts.said().name.to_owned(), texts.texts)));
    Ok(html(&HeldPage { page: look.page("Held texts", "held"), me: look.me, held, bars }))
}
