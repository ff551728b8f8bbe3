//! Holds requests' answers against the document: every answer that a client of these tests gets has
//! a status that its operation says, a body of the media type it says, and no member, type or value
//! that its schema does not say.
//!
//! The validator knows the part of JSON Schema that the document uses, and refuses any other
//! keyword, so that nothing is passed over.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate};
use regex_lite::Regex;
use serde_json::Value;
use uuid::Uuid;

/// The document of this build.
pub static DOCUMENT: LazyLock<Document> =
    LazyLock::new(|| Document(serde_json::from_str(&muster_api::openapi_json().unwrap()).unwrap()));

/// An OpenAPI document.
#[derive(Debug)]
pub struct Document(
    /// The document itself.
    pub Value,
);

/// Keywords that say nothing of whether a value fits.
const TELLING: [&str; 8] =
    ["description", "title", "default", "example", "examples", "deprecated", "readOnly", "writeOnly"];

impl Document {
    /// Returns the operation of a request: of the paths that fit the one with the fewest
    /// parameters.
    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let path = path.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        let fits = |template: &str| {
            let template: Vec<&str> = template.split('/').collect();
            let same = |(wanted, seen): (&&str, &&str)| wanted == seen || (wanted.starts_with('{') && !seen.is_empty());
            template.len() == parts.len() && template.iter().zip(&parts).all(same)
        };
        let paths = self.0["paths"].as_object().unwrap().iter();
        let best =
            paths.filter(|(template, _)| fits(template)).min_by_key(|(template, _)| template.matches('{').count());
        // A method that the path does not have is answered by no operation.
        best.and_then(|(_, item)| item.get(method.to_lowercase()))
    }

    /// Parts of an answer that the document does not have.
    pub fn wrong(&self, method: &str, path: &str, status: u16, media_type: &str, body: &str) -> Vec<String> {
        let Some(operation) = self.operation(method, path) else { return Vec::new() };
        let Some(response) = operation["responses"].get(status.to_string()) else {
            return vec![format!("{status} is not documented: {body}")];
        };
        let media_type = media_type.split(';').next().unwrap_or_default();
        let Some(content) = response["content"].as_object() else {
            return if body.is_empty() {
                Vec::new()
            } else {
                vec![format!("{status} is documented without a body: {body}")]
            };
        };
        let Some(content) = content.get(media_type) else {
            return vec![format!("{status} is not documented with {media_type:?}: {body}")];
        };
        if !media_type.ends_with("json") {
            return Vec::new();
        }
        match serde_json::from_str(body) {
            Ok(value) => self.misfits(&content["schema"], &value),
            Err(error) => vec![format!("the body is no JSON: {error}: {body}")],
        }
    }

    /// Returns where a value does not fit a schema.
    pub fn misfits(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut misfits = Vec::new();
        self.fit(schema, value, "", &mut misfits);
        misfits
    }

    /// Returns the schema that a reference leads to.
    pub fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let pointer = reference.strip_prefix('#').unwrap();
                self.resolve(self.0.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere")))
            }
            None => schema,
        }
    }

    fn fit(&self, schema: &Value, value: &Value, at: &str, misfits: &mut Vec<String>) {
        let schema = self.resolve(schema);
        let Some(keywords) = schema.as_object() else { panic!("{at}: {schema} is no schema") };
        for (keyword, says) in keywords {
            let fits = match keyword.as_str() {
                keyword if TELLING.contains(&keyword) => true,
                "type" => of_type(says, value),
                "enum" => says.as_array().unwrap().contains(value),
                "oneOf" => {
                    says.as_array().unwrap().iter().filter(|one| self.misfits(one, value).is_empty()).count() == 1
                }
                "anyOf" => says.as_array().unwrap().iter().any(|one| self.misfits(one, value).is_empty()),
                "format" => value.as_str().is_none_or(|text| of_format(says.as_str().unwrap(), text)),
                "pattern" => {
                    let pattern = Regex::new(says.as_str().unwrap()).unwrap();
                    value.as_str().is_none_or(|text| pattern.is_match(text))
                }
                "minLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 >= says.as_u64().unwrap()),
                "maxLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 <= says.as_u64().unwrap()),
                "minimum" => value.as_f64().is_none_or(|number| number >= says.as_f64().unwrap()),
                "maximum" => value.as_f64().is_none_or(|number| number <= says.as_f64().unwrap()),
                "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= says.as_u64().unwrap()),
                "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= says.as_u64().unwrap()),
                "items" => {
                    for (nth, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.fit(says, item, &format!("{at}/{nth}"), misfits);
                    }
                    true
                }
                "required" => {
                    let missing = |name: &&str| value.as_object().is_some_and(|members| !members.contains_key(*name));
                    !says.as_array().unwrap().iter().filter_map(Value::as_str).any(|name| missing(&name))
                }
                "properties" | "additionalProperties" | "propertyNames" => true,
                other => panic!("{at}: the validator does not know {other:?}"),
            };
            if !fits {
                misfits.push(format!("{at}: {value} does not fit {keyword} {says}"));
            }
        }
        if let Some(members) = value.as_object() {
            self.fit_members(schema, members, at, misfits);
        }
    }

    /// Objects are closed: a member that is not documented does not fit.
    fn fit_members(
        &self,
        schema: &Value,
        members: &serde_json::Map<String, Value>,
        at: &str,
        misfits: &mut Vec<String>,
    ) {
        let open = ["oneOf", "anyOf"].iter().any(|keyword| schema.get(keyword).is_some());
        for (name, member) in members {
            let at = format!("{at}/{name}");
            match (schema["properties"].get(name), schema.get("additionalProperties")) {
                (Some(says), _) => self.fit(says, member, &at, misfits),
                (None, Some(says)) if says.is_object() => self.fit(says, member, &at, misfits),
                _ if open => {}
                _ => misfits.push(format!("{at}: {member} is not documented")),
            }
        }
    }
}

fn of_type(says: &Value, value: &Value) -> bool {
    let is = |kind: &Value| match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the validator does not know the type {other:?}"),
    };
    says.as_array().map_or_else(|| is(says), |kinds| kinds.iter().any(is))
}

fn of_format(format: &str, text: &str) -> bool {
    match format {
        "uuid" => Uuid::parse_str(text).is_ok(),
        "date-time" => DateTime::parse_from_rfc3339(text).is_ok(),
        "date" => text.parse::<NaiveDate>().is_ok(),
        // Of bytes, and of numbers, which the text is not.
        "binary" | "int32" | "int64" | "float" | "double" => true,
        other => panic!("the validator does not know the format {other:?}"),
    }
}

#[test]
fn the_validator_tells_what_does_not_fit() {
    let document = Document(serde_json::json!({
        "components": { "schemas": { "Name": { "type": "string", "minLength": 1, "maxLength": 3, "pattern": "\\S" } } },
        "paths": { "/a/{id}": { "get": { "responses": { "200": { "description": "ok", "content": { "application/json": { "schema": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": { "$ref": "#/components/schemas/Name" },
                "at": { "type": ["string", "null"], "format": "date-time" },
                "n": { "oneOf": [{ "type": "null" }, { "type": "integer", "minimum": 1, "maximum": 9 }] },
                "tags": { "type": "array", "maxItems": 1, "items": { "enum": ["x"] } },
                "map": { "type": "object", "additionalProperties": { "type": "integer" } },
            },
        } } } } } } } },
    }));
    let wrong = |body: &str| document.wrong("GET", "/a/7?b=1", 200, "application/json", body);
    for good in [
        r#"{"name":"x"}"#,
        r#"{"name":"xyz","at":null,"n":9,"tags":["x"],"map":{"a":1}}"#,
        r#"{"name":"x","at":"2027-01-01T00:00:00Z"}"#,
    ] {
        assert_eq!(wrong(good), Vec::<String>::new(), "{good}");
    }
    for bad in [
        "{}",
        "[]",
        r#"{"name":""}"#,
        r#"{"name":"wxyz"}"#,
        r#"{"name":"  "}"#,
        r#"{"name":null}"#,
        r#"{"name":"x","more":1}"#,
        r#"{"name":"x","at":"2027-01-01T00:00:00"}"#,
        r#"{"name":"x","n":10}"#,
        r#"{"name":"x","n":0}"#,
        r#"{"name":"x","n":"1"}"#,
        r#"{"name":"x","n":1.5}"#,
        r#"{"name":"x","tags":["y"]}"#,
        r#"{"name":"x","tags":["x","x"]}"#,
        r#"{"name":"x","map":{"a":"1"}}"#,
    ] {
        assert_ne!(wrong(bad), Vec::<String>::new(), "{bad}");
    }
    assert_eq!(document.wrong("GET", "/a/7", 404, "application/problem+json", "{}").len(), 1);
    assert_eq!(document.wrong("GET", "/a/7", 200, "text/plain", "{}").len(), 1);
}
