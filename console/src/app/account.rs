//! The admin that has signed in.

use axum::http::StatusCode;
use serde::Deserialize;

use crate::{
    client::{Problem, operations::sign_in as operations},
    visit::Visit,
};

/// The account and the role of the request's session.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Account {
    /// The account's name.
    pub(crate) account_name: String,
    /// None for an account admin.
    pub(crate) organization_id: Option<String>,
    /// `group_admin`, `organization_admin` or `account_admin`.
    role: String,
}

impl Account {
    /// Asks for it. Agents have no pages here.
    pub(crate) async fn of(visit: &Visit) -> Result<Self, Problem> {
        let account: Self = visit.call(&operations::ACCOUNT, []).read().await?;
        if account.role == "agent" {
            return Err(Problem::own(StatusCode::FORBIDDEN, "forbidden", String::new()));
        }
        Ok(account)
    }
}
