//! `/operator/doctor`: whether everything adds up, and mending.

use askama::Template;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use crate::{
    client::{Problem, operations::operator as operations},
    form::Fields,
    operator::{looks::Look, session::Me},
    page::{Page, html},
    words::operator as words,
};

/// The checks of the installation.
#[derive(Debug, Deserialize)]
pub(crate) struct Doctor {
    /// All is well.
    pub(crate) ok: bool,
    /// Each of them.
    pub(crate) checks: Vec<Check>,
}

/// A check.
#[derive(Debug, Deserialize)]
pub(crate) struct Check {
    check: String,
    /// It is well.
    pub(crate) ok: bool,
    /// In a sentence.
    pub(crate) detail: String,
}

impl Check {
    /// Returns its name.
    pub(crate) fn name(&self) -> String {
        words::check(&self.check)
    }
}

#[derive(Debug, Deserialize)]
struct Mended {
    what: String,
    count: u64,
}

#[derive(Template)]
#[template(path = "operator/doctor.html")]
struct DoctorPage {
    page: Page,
    me: Me,
    doctor: Doctor,
}

pub(crate) async fn show(look: Look) -> Result<Response, Problem> {
    let doctor = look.read(&operations::DOCTOR, &[], &[]).await?;
    Ok(html(&DoctorPage { page: look.page("Health", "doctor"), me: look.me, doctor }))
}

pub(crate) async fn repair(look: Look, fields: Fields) -> Result<Response, Problem> {
    let to = "/operator/doctor";
    let mended = look.act::<Vec<Mended>>(&operations::REPAIR, &[], &json!({ "reason": fields.get("reason") })).await;
    let done = mended.as_ref().map_or_else(|_| String::new(), |mended| sentence(mended));
    look.told(mended.map(|_| to.to_owned()), &done, to)
}

fn sentence(mended: &[Mended]) -> String {
    let some: Vec<_> = mended.iter().filter(|one| one.count > 0).collect();
    if some.is_empty() {
        return "There was nothing to mend.".to_owned();
    }
    let list: Vec<_> = some.iter().map(|one| format!("{} {}", one.count, one.what.replace('_', " "))).collect();
    format!("Mended: {}.", list.join(", "))
}
