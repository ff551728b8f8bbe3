//! Values, bodies and parameters made of a schema of the document, right ones and wrong ones.

use muster_integration_tests::{DOCUMENT, urlencoded};
use serde_json::{Value, json};

use crate::requests::Made;

/// Values that a schema says are right and are at its bounds, as far as they can be made of it.
pub(crate) fn right(schema: &Value) -> Vec<Value> {
    let mut values = thought_right(schema);
    values.retain(|value| DOCUMENT.misfits(schema, value).is_empty());
    values
}

fn thought_right(schema: &Value) -> Vec<Value> {
    let schema = DOCUMENT.resolve(schema);
    if let Some(words) = schema["enum"].as_array() {
        return words.clone();
    }
    if let Some(either) = schema["oneOf"].as_array() {
        return either.iter().flat_map(right).collect();
    }
    let kind = schema["type"].as_array().map_or_else(|| &schema["type"], |kinds| &kinds[0]);
    let number = |name: &str, usual: i64| schema[name].as_i64().unwrap_or(usual);
    match kind.as_str().unwrap_or_default() {
        "null" => vec![Value::Null],
        "boolean" => vec![json!(true), json!(false)],
        "integer" => vec![json!(number("minimum", 0)), json!(number("maximum", 9))],
        "string" if schema.get("pattern").is_none_or(|pattern| pattern == "\\S") && schema["format"].is_null() => {
            let long = |name: &str, usual| "x".repeat(usize::try_from(number(name, usual)).unwrap());
            vec![json!(long("minLength", 0)), json!(long("maxLength", 9))]
        }
        "object" if schema["properties"].is_object() => vec![least(schema)],
        _ => Vec::new(),
    }
}

/// Returns an object with no more than it must have.
fn least(schema: &Value) -> Value {
    let mut object = json!({});
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if let Some(value) = right(&schema["properties"][name]).into_iter().next() {
            object[name] = value;
        }
    }
    object
}

/// Values that a schema says are wrong, each with why.
pub(crate) fn wrong(schema: &Value) -> Vec<(&'static str, Value)> {
    let schema = DOCUMENT.resolve(schema);
    let odd = [
        json!({ "no_such_member": 1 }),
        json!([{ "no": "such" }]),
        json!(true),
        json!(1.5),
        json!("no such word \u{2603}"),
        json!(null),
    ];
    let mut all: Vec<(&'static str, Value)> = odd.into_iter().map(|value| ("another type", value)).collect();
    let text = |length: u64| Value::String("x".repeat(usize::try_from(length).unwrap()));
    if let Some(most) = schema["maxLength"].as_u64() {
        all.push(("too long", text(most + 1)));
    }
    if schema["minLength"].as_u64().is_some_and(|least| least > 0) {
        all.extend([("too short", json!("")), ("blank", json!("  "))]);
    }
    if schema["pattern"].is_string() {
        let texts = [
            "",
            "?",
            "99",
            "2027-02-30",
            "2027-13-01T10:00:00",
            "2027-01-01T10:00:00+25:00",
            "+1212555000",
            "US/\u{e9}",
        ];
        all.extend(texts.map(|text| ("another form", json!(text))));
    }
    if let Some(least) = schema["minimum"].as_i64() {
        all.push(("too little", least.checked_sub(1).map_or_else(|| json!(-1e300), |less| json!(less))));
    }
    if let Some(most) = schema["maximum"].as_i64() {
        all.push(("too much", most.checked_add(1).map_or_else(|| json!(1e300), |more| json!(more))));
    }
    if let Some(most) = schema["maxItems"].as_u64() {
        let item = right_item(&schema["items"]);
        all.push(("too many", Value::Array(vec![item; usize::try_from(most).unwrap() + 1])));
    }
    if schema["minItems"].as_u64().is_some_and(|least| least > 0) {
        all.push(("too few", json!([])));
    }
    for either in schema["oneOf"].as_array().into_iter().flatten() {
        all.extend(wrong(either));
    }
    if schema["items"].is_object() {
        all.extend(wrong(&schema["items"]).into_iter().map(|(why, item)| (why, json!([item]))));
    }
    if let Some(members) = schema["properties"].as_object() {
        let good = least(schema);
        for name in good.as_object().into_iter().flatten().map(|(name, _)| name) {
            let mut less = good.clone();
            less.as_object_mut().unwrap().remove(name);
            all.push(("a member is missing", less));
        }
        for (name, says) in members {
            for (why, value) in wrong(says) {
                let mut object = good.clone();
                object[name] = value;
                all.push((why, object));
            }
        }
    }
    // Of those that are thought wrong for a part, some are right as a whole.
    all.retain(|(_, value)| !DOCUMENT.misfits(schema, value).is_empty());
    all
}

fn right_item(schema: &Value) -> Value {
    let schema = DOCUMENT.resolve(schema);
    match (schema["format"].as_str(), schema["pattern"].as_str()) {
        (Some("uuid"), _) => json!(uuid::Uuid::now_v7()),
        (_, Some(pattern)) if pattern.starts_with(r"^\+1") => json!("+12125550001"),
        _ => right(schema).into_iter().next().unwrap_or_default(),
    }
}

/// Bodies that the document says are wrong: the sample with one member of another value, or without
/// it.
pub(crate) fn wrong_bodies(made: &Made, schema: &str) -> Vec<(String, Value)> {
    let sample = made.body(schema);
    let says = DOCUMENT.0.pointer(&format!("/components/schemas/{schema}")).unwrap();
    let mut bodies = vec![("a member more".to_owned(), set(&sample, "no_such_member", json!(1)))];
    for name in says["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let mut less = sample.clone();
        less.as_object_mut().unwrap().remove(name);
        bodies.push((format!("without {name}"), less));
    }
    for (name, says) in says["properties"].as_object().unwrap() {
        let nested = DOCUMENT.resolve(says);
        for (why, value) in wrong(says) {
            bodies.push((format!("{name}: {why}"), set(&sample, name, value)));
        }
        // Within the sample's members.
        for (inner, says) in nested["properties"].as_object().into_iter().flatten() {
            if sample[name].is_object() {
                for (why, value) in wrong(says) {
                    bodies
                        .push((format!("{name}.{inner}: {why}"), set(&sample, name, set(&sample[name], inner, value))));
                }
            }
        }
    }
    bodies
}

pub(crate) fn set(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    object[name] = value;
    object
}

/// Returns the query of a sample's URL without one parameter.
pub(crate) fn without(url: &str, name: &str) -> String {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let kept: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with(&format!("{name}="))).collect();
    format!("{path}?{}", kept.join("&"))
}

pub(crate) fn shown(value: &Value) -> String {
    value.to_string().chars().take(160).collect()
}

pub(crate) fn escaped(text: &str) -> String {
    urlencoded(&[(String::new(), text.to_owned())])[1..].to_owned()
}

/// Returns a parameter as it stands in a URL; objects have no form there.
pub(crate) fn as_parameter(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
