//! A schema told as rows of members, and an example of it.

use askama::Template;
use serde_json::{Map, Value, json};

use super::book::Book;

/// Levels of objects within objects that are told in one table, or stand in an example.
const DEEPEST: usize = 4;
/// Words of a list that are told in a row.
const WORDS: usize = 40;

/// A part of a type: words, or the name of a schema with a page of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Schema(String),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// With the names of the objects that it is in.
    pub(super) name: String,
    pub(super) kind: Vec<Piece>,
    pub(super) is_needed: bool,
    pub(super) about: String,
    pub(super) bounds: String,
}

/// One of several forms of a value.
#[derive(Debug, Clone)]
pub(super) struct Variant {
    kind: Vec<Piece>,
    about: String,
    rows: Vec<Row>,
}

/// A schema as a page tells it.
#[derive(Debug, Clone, Template)]
#[template(path = "docs/shape.html")]
pub(super) struct Shape {
    kind: Vec<Piece>,
    about: String,
    bounds: String,
    rows: Vec<Row>,
    variants: Vec<Variant>,
}

impl Shape {
    pub(super) fn of(schema: &Value) -> Self {
        let variants = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array);
        let variants = variants.into_iter().flatten().map(|variant| Variant {
            kind: pieces(variant),
            about: about(variant),
            rows: rows(variant),
        });
        let variants: Vec<_> = variants.collect();
        // A value that may be null alone is no choice.
        let variants = if variants.iter().any(|variant| !variant.rows.is_empty()) { variants } else { Vec::new() };
        Self { kind: pieces(schema), about: about(schema), bounds: bounds(schema), rows: rows(schema), variants }
    }
}

fn text(of: &str) -> Piece {
    Piece::Text(of.to_owned())
}

fn about(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().replace('\n', " ")
}

/// Returns the name of the schema that this one only refers to.
pub(super) fn referred(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/components/schemas/")
}

/// Returns a schema's type.
pub(super) fn pieces(schema: &Value) -> Vec<Piece> {
    if let Some(name) = referred(schema) {
        return vec![Piece::Schema(name.to_owned())];
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(all) = schema.get(choice).and_then(Value::as_array) {
            let mut said: Vec<Piece> = Vec::new();
            for one in all {
                let one = pieces(one);
                if !said.is_empty() {
                    said.push(text(" or "));
                }
                said.extend(one);
            }
            return said;
        }
    }
    match &schema["type"] {
        Value::Array(types) => {
            let mut said = Vec::new();
            for one in types.iter().filter_map(Value::as_str) {
                if !said.is_empty() {
                    said.push(text(" or "));
                }
                said.extend(of_type(schema, one));
            }
            said
        }
        Value::String(one) => of_type(schema, one),
        _ => vec![text("anything")],
    }
}

fn of_type(schema: &Value, of: &str) -> Vec<Piece> {
    match of {
        "array" => {
            let mut said = vec![text("list of ")];
            said.extend(pieces(&schema["items"]));
            said
        }
        "object" if schema.get("properties").is_none() && schema["additionalProperties"].is_object() => {
            let mut said = vec![text("object of names with ")];
            said.extend(pieces(&schema["additionalProperties"]));
            said
        }
        "integer" => vec![text("whole number")],
        "boolean" => vec![text("true or false")],
        "string" => vec![text(match schema["format"].as_str() {
            Some("uuid") => "id",
            Some("date-time") => "instant",
            Some("date") => "date",
            Some("binary") => "bytes",
            _ => "text",
        })],
        other => vec![text(other)],
    }
}

/// Returns a schema's bounds in words.
pub(super) fn bounds(schema: &Value) -> String {
    let range = |least: &str, most: &str, of: &str| match (schema.get(least), schema.get(most)) {
        (Some(least), Some(most)) if least == most => Some(format!("{least} {of}")),
        (Some(least), Some(most)) => Some(format!("{least} to {most} {of}")),
        (Some(least), None) => Some(format!("at least {least} {of}")),
        (None, Some(most)) => Some(format!("at most {most} {of}")),
        (None, None) => None,
    };
    let words = schema.get("enum").and_then(Value::as_array).map(|words| {
        let told: Vec<_> = words.iter().take(WORDS).filter_map(Value::as_str).collect();
        format!("one of: {}{}", told.join(", "), if words.len() > WORDS { ", …" } else { "" })
    });
    let said = [
        words,
        range("minLength", "maxLength", "characters"),
        range("minimum", "maximum", ""),
        range("minItems", "maxItems", "items"),
        schema["pattern"].as_str().map(|pattern| format!("fits {pattern}")),
        schema.get("default").map(|default| format!("unless told: {default}")),
    ];
    let said: Vec<_> = said.into_iter().flatten().map(|bound| bound.trim().to_owned()).collect();
    said.join("; ")
}

fn rows(schema: &Value) -> Vec<Row> {
    let mut all = Vec::new();
    add_rows(schema, "", 0, &mut all);
    all
}

fn add_rows(schema: &Value, before: &str, depth: usize, all: &mut Vec<Row>) {
    let Some(members) = schema.get("properties").and_then(Value::as_object) else {
        // The items of a list without a name are told in its place.
        if let Some(items) = schema.get("items").filter(|_| depth < DEEPEST) {
            add_rows(items, before, depth, all);
        }
        return;
    };
    let needed: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, member) in members {
        let name_here = format!("{before}{name}");
        all.push(Row {
            is_needed: needed.contains(&name.as_str()),
            kind: pieces(member),
            about: about(member).trim().to_owned(),
            bounds: bounds(member),
            name: name_here.clone(),
        });
        if depth < DEEPEST && referred(member).is_none() {
            add_rows(member, &format!("{name_here}."), depth + 1, all);
        }
    }
}

/// Returns an example of a schema, as it is written into a form.
pub(super) fn example_text(book: &Book, schema: &Value) -> String {
    serde_json::to_string_pretty(&example(book, schema, 0)).unwrap_or_default()
}

fn example(book: &Book, schema: &Value, depth: usize) -> Value {
    if let Some(default) = schema.get("default") {
        return default.clone();
    }
    if let Some(name) = referred(schema) {
        let known = book.schema(name).filter(|_| depth <= 2 * DEEPEST);
        return known.map_or(Value::Null, |known| example(book, known, depth + 1));
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        let first = schema.get(choice).and_then(Value::as_array).and_then(|all| all.first());
        if let Some(first) = first {
            return example(book, first, depth + 1);
        }
    }
    if let Some(word) = schema.get("enum").and_then(Value::as_array).and_then(|words| words.first()) {
        return word.clone();
    }
    let of = match &schema["type"] {
        Value::Array(types) => types.first().and_then(Value::as_str),
        of => of.as_str(),
    };
    match of {
        Some("object") => example_object(book, schema, depth),
        Some("array") => {
            let least = schema["minItems"].as_u64().unwrap_or(0);
            if least == 0 { json!([]) } else { json!([example(book, &schema["items"], depth + 1)]) }
        }
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(false),
        Some("string") => json!(match schema["format"].as_str() {
            Some("uuid") => "00000000-0000-0000-0000-000000000000",
            Some("date-time") => "2027-11-02T15:00:00Z",
            Some("date") => "2027-11-02",
            _ => "text",
        }),
        _ => Value::Null,
    }
}

/// Returns an object with the members that it needs.
fn example_object(book: &Book, schema: &Value, depth: usize) -> Value {
    let needed = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let members = needed.map(|name| (name.to_owned(), example(book, &schema["properties"][name], depth + 1)));
    Value::Object(members.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(schema: &Value) -> String {
        let all = pieces(schema).into_iter().map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Schema(name) => format!("<{name}>"),
        });
        all.collect()
    }

    #[test]
    fn types_are_told_in_words_with_the_names_of_schemas() {
        for (schema, told) in [
            (json!({ "type": ["string", "null"], "format": "uuid" }), "id or null"),
            (json!({ "type": "array", "items": { "$ref": "#/components/schemas/Goal" } }), "list of <Goal>"),
            (json!({ "oneOf": [{ "$ref": "#/components/schemas/Goal" }, { "type": "null" }] }), "<Goal> or null"),
            (
                json!({ "type": "object", "additionalProperties": { "type": "integer" } }),
                "object of names with whole number",
            ),
            (json!({}), "anything"),
        ] {
            assert_eq!(said(&schema), told);
        }
        let bounded = json!({ "type": "string", "minLength": 1, "maxLength": 200, "enum": ["a", "b"] });
        assert_eq!(bounds(&bounded), "one of: a, b; 1 to 200 characters");
        assert_eq!(bounds(&json!({ "minimum": 1, "maximum": 500, "default": 50 })), "1 to 500; unless told: 50");
    }

    #[test]
    fn members_within_members_stand_in_one_table_and_an_example_has_those_that_are_needed() {
        let schema = json!({
            "type": "object", "required": ["name", "plan"],
            "properties": {
                "name": { "type": "string" },
                "note": { "type": "string" },
                "plan": { "type": "object", "required": ["day"], "properties": { "day": { "type": "string", "format": "date" } } },
            },
        });
        let names: Vec<_> = rows(&schema).into_iter().map(|row| (row.name, row.is_needed)).collect();
        let told = [("name", true), ("note", false), ("plan", true), ("plan.day", true)];
        assert_eq!(names, told.map(|(name, is)| (name.to_owned(), is)));
        let example = example(&Book::default(), &schema, 0);
        assert_eq!(example, json!({ "name": "text", "plan": { "day": "2027-11-02" } }));
    }
}
