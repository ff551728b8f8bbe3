//! Values as a reader sees them, and texts within HTML.

use std::fmt::Write as _;

use chrono::DateTime;
use serde_json::Value;

use super::Form;

/// Writes a text within an element or an attribute.
pub(super) fn escaped(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

/// Writes JSON within an element: outside of its texts it has none of these letters.
pub(super) fn embedded(out: &mut String, json: &str) {
    for letter in json.chars() {
        match letter {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            other => out.push(other),
        }
    }
}

/// Returns whether there is nothing to show.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(members) => members.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Writes a value.
pub(super) fn shown(out: &mut String, value: &Value, form: Form) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => out.push_str(if *flag { "yes" } else { "no" }),
        // Writing into a text cannot fail.
        Value::Number(number) => _ = write!(out, "{number}"),
        Value::String(text) => match (form, DateTime::parse_from_rfc3339(text)) {
            (Form::Fact, Ok(at)) => _ = write!(out, "{}", at.to_utc().format("%Y-%m-%d %H:%M:%S UTC")),
            _ => escaped(out, text),
        },
        Value::Array(items) => {
            out.push_str("<ul>");
            for item in items.iter().filter(|item| !is_empty(item)) {
                out.push_str("<li>");
                shown(out, item, form);
                out.push_str("</li>");
            }
            out.push_str("</ul>");
        }
        Value::Object(members) => {
            out.push_str("<dl>");
            for (name, value) in members.iter().filter(|(_, value)| !is_empty(value)) {
                out.push_str("<dt>");
                escaped(out, name);
                out.push_str("</dt><dd>");
                shown(out, value, form);
                out.push_str("</dd>");
            }
            out.push_str("</dl>");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn of(value: &Value, form: Form) -> String {
        let mut out = String::new();
        shown(&mut out, value, form);
        out
    }

    #[test]
    fn r8_values_are_shown_in_plain_words() {
        assert_eq!(of(&json!("2026-11-03T17:00:00.5+00:00"), Form::Fact), "2026-11-03 17:00:00 UTC");
        assert_eq!(of(&json!("2026-11-03T17:00:00Z"), Form::Text), "2026-11-03T17:00:00Z", "somebody wrote it so");
        assert_eq!(of(&json!(true), Form::Fact), "yes");
        assert_eq!(of(&json!(["a<b", "", "c"]), Form::Text), "<ul><li>a&lt;b</li><li>c</li></ul>");
        assert_eq!(of(&json!({ "Ward": "7", "none": null }), Form::Text), "<dl><dt>Ward</dt><dd>7</dd></dl>");
        assert!(is_empty(&json!({ "fields": {}, "tags": [] })) && !is_empty(&json!(0)));
    }

    proptest! {
        #[test]
        fn r8_no_text_is_anything_but_text(text in "\\PC*") {
            let html = of(&json!(text), Form::Text);
            prop_assert!(!html.contains(['<', '>', '"', '\'']));
            let back = html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
            prop_assert_eq!(back, text.clone());
            let mut data = String::new();
            embedded(&mut data, &json!({ text.clone(): text.clone() }).to_string());
            prop_assert!(!data.contains(['<', '>', '&']));
            prop_assert_eq!(serde_json::from_str::<Value>(&data).unwrap(), json!({ text.clone(): text }));
        }
    }
}
