//! The fields of a webhook, read in one way by everybody.

use serde_json::Value;

/// Fields in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `application/x-www-form-urlencoded`. Bytes that are not UTF-8 become U+FFFD.
    pub fn read(body: &[u8]) -> Self {
        Self(serde_urlencoded::from_bytes(body).unwrap_or_default())
    }

    /// Reads the members of a JSON object that are texts, numbers or switches; none when it is
    /// something else.
    pub fn read_json(body: &[u8]) -> Option<Self> {
        let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return None };
        let text = |value: Value| match value {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(switch) => Some(switch.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        Some(Self(members.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect()))
    }

    /// Returns the fields in their order.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Returns the value of a field. Of a field that comes more than once the first counts.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the first of these fields that is there and not blank.
    pub fn first_of(&self, names: &[&str]) -> Option<&str> {
        names.iter().filter_map(|name| self.get(name)).map(str::trim).find(|value| !value.is_empty())
    }
}

impl From<Vec<(String, String)>> for Form {
    fn from(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }
}
