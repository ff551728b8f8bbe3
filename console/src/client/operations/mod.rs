//! The table of all operations that the console uses. A test holds it against `/openapi.json`.

pub(crate) mod admin;
pub(crate) mod agent;
pub(crate) mod operator;
pub(crate) mod sign_in;

use axum::http::Method;

/// An operation of the api.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// As the document has it, with parameters in braces.
    pub(crate) path: &'static str,
    /// It is a question with a body, and changes nothing.
    pub(crate) reads: bool,
}

/// Names operations: `NAME = METHOD "/path"`, with `reads` behind a POST that changes nothing.
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $method:ident $path:literal $($reads:ident)?;)+) => {
        $($(#[$doc])*
        pub(crate) static $name: crate::client::Operation = crate::client::Operation {
            method: axum::http::Method::$method,
            path: $path,
            reads: $crate::client::operations::operations!(@ $($reads)?),
        };)+

        /// All of this part.
        pub(super) static ALL: &[&crate::client::Operation] = &[$(&$name),+];
    };
    (@ reads) => { true };
    (@) => { false };
}
pub(crate) use operations;

/// Returns the method and path of every operation that the console uses.
pub fn listed() -> impl Iterator<Item = (&'static str, &'static str)> {
    let parts = [sign_in::ALL, agent::ALL, admin::ALL, operator::ALL];
    parts.into_iter().flatten().map(|operation| (operation.method.as_str(), operation.path))
}

impl Operation {
    /// Returns the path with the values of its parameters in their order.
    pub(crate) fn at(&self, values: &[&str]) -> String {
        let mut values = values.iter();
        let parts: Vec<String> = self
            .path
            .split('/')
            .map(|part| {
                if part.starts_with('{') {
                    segment(values.next().copied().unwrap_or_default())
                } else {
                    part.to_owned()
                }
            })
            .collect();
        parts.join("/")
    }
}

/// Returns a value as one segment of a path.
fn segment(value: &str) -> String {
    let mut segment = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') || (byte == b'.' && value.len() > 2) {
            segment.push(char::from(byte));
        } else {
            segment.push('%');
            segment.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])));
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_one_segment_of_the_path() {
        let operation = Operation { method: Method::GET, path: "/v1/goals/{goal_id}/tags/{tag}", reads: false };
        assert_eq!(operation.at(&["1", "a/b"]), "/v1/goals/1/tags/a%2Fb");
        assert_eq!(operation.at(&["..", "?x#é"]), "/v1/goals/%2E%2E/tags/%3Fx%23%C3%A9");
    }

    #[test]
    fn an_operation_stands_in_the_table_once() {
        let mut all: Vec<_> = listed().collect();
        let number = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), number);
    }
}
