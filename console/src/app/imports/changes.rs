//! `…/imports/{id}/changes`: people that a file has changed, value by value.

use axum::{
    extract::{Path, RawQuery},
    response::Response,
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    app::{
        Ids,
        desk::Desk,
        imports::look::field_name,
        kit::{Body, Cell, Link, Table},
    },
    client::{List, Problem, operations::admin as operations},
    form::Fields,
};

#[derive(Deserialize)]
struct Change {
    contact_id: String,
    before: Value,
    after: Value,
}

pub(crate) async fn show(desk: Desk, Path(ids): Path<Ids>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let call = desk.call(&operations::IMPORT_CHANGES, [&ids.import_id]).query("limit", 50);
    let list: List<Change> = call.query_some("cursor", asked.some("cursor")).read().await?;
    let mut body = Body::new();
    body.links(&[Link::new(desk.at(&format!("/imports/{}", ids.import_id)), "Back to the file")]);
    let heads = ["Person", "What", "Before", "After"];
    let mut table = Table::new("Changes by this file", &heads, "The file has changed nobody who was known before.");
    for change in &list.items {
        for (what, before, after) in differences(&change.before, &change.after) {
            let person = Cell::link(desk.at(&format!("/people/{}", change.contact_id)), "Open the card");
            table.row(vec![person, Cell::text(what), Cell::some(Some(&before)), Cell::some(Some(&after))]);
        }
    }
    table.more(list.next.map(|next| {
        desk.at(&format!("/imports/{}/changes?{}", ids.import_id, crate::app::query(&[("cursor", &next)])))
    }));
    body.table(&table);
    Ok(desk.page("What the file has changed", "imports", body))
}

/// Returns the values that differ, with their names for people.
fn differences(before: &Value, after: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let mut all = Vec::new();
    let names = after.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    for name in names.filter(|name| !matches!(*name, "updated_at" | "fields" | "assigned_agent_id")) {
        all.push((field_name(name), text(&before[name]), text(&after[name])));
    }
    if after.get("assigned_agent_id").is_some() {
        all.push(("Texter".to_owned(), "another one, or none".to_owned(), "the one of the file".to_owned()));
    }
    for (name, value) in after["fields"].as_object().into_iter().flatten() {
        all.push((name.clone(), text(&before["fields"][name]), text(value)));
    }
    all.retain(|(_, before, after)| before != after);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn changes_are_told_value_by_value() {
        let before = json!({ "first_name": "Ana", "email": null, "fields": { "Ward": "1", "Bus": "7" } });
        let after = json!({ "first_name": "Anna", "email": "a@b.org", "fields": { "Ward": "2", "Bus": "7" }, "updated_at": "x" });
        let told = differences(&before, &after);
        let wanted = [("Email", "", "a@b.org"), ("First name", "Ana", "Anna"), ("Ward", "1", "2")];
        assert_eq!(told, wanted.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));
    }
}
