//! A request's body and headers.

use serde_json::Value;

/// A JSON or other body, and headers. It can be sent again.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The body.
    pub body: Option<Vec<u8>>,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
}

impl Call {
    /// Without a body.
    pub fn empty() -> Self {
        Self::default()
    }

    /// With this body.
    pub fn json(body: &Value) -> Self {
        Self::raw("application/json", body.to_string())
    }

    /// With a body of another type.
    pub fn raw(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), headers: vec![("content-type", content_type.to_owned())] }
    }

    /// With one header more.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With this idempotency key, which makes the request harmless to repeat.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }
}
