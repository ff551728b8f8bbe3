//! `GET /app`: the organizations that an admin works for.

use askama::Template;
use axum::response::Response;
use serde::Deserialize;

use crate::{
    app::account::Account,
    client::{Problem, operations::admin as operations},
    page::{Page, html},
    visit::Visit,
};

#[derive(Debug, Deserialize)]
struct Organization {
    id: String,
    name: String,
}

#[derive(Template)]
#[template(path = "app/home.html")]
struct Home {
    page: Page,
    account: Account,
    organizations: Vec<Organization>,
}

pub(crate) async fn show(visit: Visit) -> Result<Response, Problem> {
    let account = Account::of(&visit).await?;
    let organizations = match &account.organization_id {
        Some(id) => vec![visit.call(&operations::ORGANIZATION, [id]).read().await?],
        None => visit.call(&operations::ORGANIZATIONS, []).read().await?,
    };
    Ok(html(&Home { page: visit.page("Home", "home"), account, organizations }))
}
