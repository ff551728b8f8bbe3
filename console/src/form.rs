//! Fields of a form that came.

use std::convert::Infallible;

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, header::CONTENT_TYPE, request::Parts},
};
use bytes::Bytes;

use crate::{Console, client::Problem};

/// The longest form.
const LIMIT: usize = 256 * 1024;
/// Fields of a form at most.
const FIELDS: usize = 2_000;

/// The fields of a form, in their order. A field that is absent is empty.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads fields as they stand in an address or a form.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(text).ok()?;
        (fields.len() <= FIELDS).then_some(Self(fields))
    }

    /// Reads the query of an address. One that cannot be read is none.
    pub(crate) fn of(query: Option<&str>) -> Self {
        query.and_then(|query| Self::read(query.as_bytes())).unwrap_or_default()
    }

    /// Returns a field, trimmed; empty where it is absent.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// Returns a field as it was typed.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// Returns a field that is not blank.
    pub(crate) fn some(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|value| !value.is_empty())
    }

    /// Returns whether a box is ticked.
    pub(crate) fn is_ticked(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// Returns all values of a field.
    pub(crate) fn all<'f>(&'f self, name: &str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.trim())
    }

    /// Returns the fields with names that begin so, by the rest of their names.
    pub(crate) fn under<'f>(&'f self, prefix: &str) -> impl Iterator<Item = (&'f str, &'f str)> {
        self.0.iter().filter_map(move |(field, value)| Some((field.strip_prefix(prefix)?, value.trim())))
    }
}

/// The query of an address, by the same names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(pub(crate) Fields);

impl FromRequestParts<Console> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Console) -> Result<Self, Infallible> {
        Ok(Self(Fields::of(parts.uri.query())))
    }
}

impl FromRequest<Console> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Problem> {
        let unreadable =
            || Problem::own(StatusCode::BAD_REQUEST, "invalid-parameter", "the form cannot be read".to_owned());
        let is_form = request
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
        let bytes = Bytes::from_request(request, console).await.map_err(|_| unreadable())?;
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        if !is_form || bytes.len() > LIMIT {
            return Err(unreadable());
        }
        Self::read(&bytes).ok_or_else(unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name() {
        let fields = Fields::read(b"name=+Ana+&tag=a&tag=b&on=&field.ward=5").unwrap();
        assert_eq!((fields.get("name"), fields.raw("name"), fields.get("other")), ("Ana", " Ana ", ""));
        assert_eq!(fields.all("tag").collect::<Vec<_>>(), ["a", "b"]);
        assert!(fields.is_ticked("on") && !fields.is_ticked("off"));
        assert_eq!((fields.some("on"), fields.some("name")), (None, Some("Ana")));
        assert_eq!(fields.under("field.").collect::<Vec<_>>(), [("ward", "5")]);
    }
}
