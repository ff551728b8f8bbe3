//! `GET /`: leads a member to the part of their role, and anybody else to sign-in.

use axum::response::Response;
use serde::Deserialize;

use crate::{
    client::{Problem, operations::sign_in as operations},
    page::see,
    visit::Visit,
};

#[derive(Debug, Deserialize)]
struct Account {
    role: String,
}

/// Returns the first page of a role.
fn first_page(role: &str) -> &'static str {
    if role == "agent" { "/text" } else { "/app" }
}

pub(crate) async fn home(visit: Visit) -> Result<Response, Problem> {
    match visit.call(&operations::ACCOUNT, []).read::<Account>().await {
        Ok(account) => Ok(see(first_page(&account.role))),
        Err(problem) if problem.status == 401 => Ok(see("/sign-in")),
        Err(problem) => Err(problem),
    }
}
