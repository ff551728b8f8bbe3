//! `/app`: the pages of admins.
//!
//! `/app` lists the organizations; everything else is at one of them, `/app/o/{organization_id}/…`.
//! A folder is a subject. `desk` reads the admin and puts the frame around it; `kit` has
//! the parts that pages are made of.

mod account;
mod audit;
mod automations;
mod bulk;
mod calendar;
mod campaigns;
mod companies;
mod compliance;
mod conversations;
mod desk;
mod exports;
mod forms;
mod goals;
mod groups;
mod home;
mod imports;
mod kit;
mod library;
mod people;
mod settings;
mod sign_ins;
mod sources;
mod team;
mod today;
mod vocabulary;
mod when;

use axum::{Router, routing::get};
use serde::Deserialize;

use crate::{Console, visit::nothing};

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    let organization = Router::new()
        .route("/", get(today::show))
        .route("/going-on", get(today::part))
        .merge(audit::routes())
        .merge(automations::routes())
        .merge(bulk::routes())
        .merge(calendar::routes())
        .merge(campaigns::routes())
        .merge(companies::routes())
        .merge(compliance::routes())
        .merge(conversations::routes())
        .merge(exports::routes())
        .merge(forms::routes())
        .merge(goals::routes())
        .merge(groups::routes())
        .merge(imports::routes())
        .merge(library::routes())
        .merge(people::routes())
        .merge(settings::routes())
        .merge(sign_ins::routes())
        .merge(sources::routes())
        .merge(team::routes())
        .merge(vocabulary::routes());
    Router::new().route("/", get(home::show)).nest("/o/{organization_id}", organization).fallback(nothing)
}

/// Ids in the address of a page; those that the address does not have are blank.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ids {
    goal_id: String,
    campaign_id: String,
    import_id: String,
    contact_id: String,
    change_id: String,
    thread_id: String,
    group_id: String,
    member_id: String,
    export_id: String,
    automation_id: String,
    form_id: String,
    redaction_id: String,
    tag_id: String,
    field_id: String,
    merge_id: String,
    script_id: String,
    session_id: String,
    source_id: String,
    registered_campaign_id: String,
}

/// Returns an address's query of the fields that have a value.
pub(crate) fn query(fields: &[(&str, &str)]) -> String {
    let filled: Vec<_> = fields.iter().filter(|(_, value)| !value.is_empty()).collect();
    serde_urlencoded::to_string(filled).unwrap_or_default()
}

/// Returns a person's name, or that it is not known.
pub(crate) fn name(first: &str, last: &str) -> String {
    let name = format!("{first} {last}");
    let name = name.trim();
    if name.is_empty() { "Name not known".to_owned() } else { name.to_owned() }
}

/// Returns a North American number as the API takes it; anything else as it was written.
pub(crate) fn e164(written: &str) -> String {
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    match digits.len() {
        10 => format!("+1{digits}"),
        11 if digits.starts_with('1') => format!("+{digits}"),
        _ => written.to_owned(),
    }
}

/// Returns a number as people write it: `(646) 555-0001`.
pub(crate) fn phone(e164: &str) -> String {
    match e164.strip_prefix("+1") {
        Some(number) if number.len() == 10 && number.is_ascii() => {
            format!("({}) {}-{}", &number[..3], &number[3..6], &number[6..])
        }
        _ => e164.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_written_as_people_do() {
        for written in ["(646) 555-0001", "646.555.0001", "+1 646 555 0001", "16465550001"] {
            assert_eq!(e164(written), "+16465550001", "{written}");
        }
        assert_eq!(
            [e164("555").as_str(), phone("+16465550001").as_str(), phone("x").as_str()],
            ["555", "(646) 555-0001", "x"]
        );
        assert_eq!(query(&[("a", "1 2"), ("b", "")]), "a=1+2");
        assert_eq!([name("Ada", ""), name("", " ")], ["Ada", "Name not known"]);
    }
}
