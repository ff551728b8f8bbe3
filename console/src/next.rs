//! The page to go to after sign-in or a choice: one of the console's own, and never another site.

/// Pages to which a request can ask to be led.
const PLACES: [&str; 5] = ["/text", "/app", "/operator", "/docs", "/sign-in"];

/// The longest path that is taken.
const LIMIT: usize = 1_000;

/// Returns a path that a request has brought, if it is of the console.
pub(crate) fn own(path: &str) -> Option<&str> {
    let ends = |rest: &str| rest.is_empty() || rest.starts_with('/') || rest.starts_with('?');
    let is_ours = PLACES.iter().any(|place| path.strip_prefix(place).is_some_and(ends));
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (is_ours && is_plain && path.len() <= LIMIT && !path.contains("//")).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_site_is_led_to() {
        for path in ["/text", "/app/goals?state=active", "/operator/jobs/1"] {
            assert_eq!(own(path), Some(path));
        }
        for path in [
            "https://evil.example/text",
            "//evil.example/text",
            "/\\evil.example",
            "/text\\..\\..",
            "/text//evil.example",
            "/textual",
            "/text\r\nset-cookie: a=1",
            "/sign-out",
            "text",
            "",
            "javascript:alert(1)",
        ] {
            assert_eq!(own(path), None, "{path}");
        }
        assert_eq!(own(&format!("/text/{}", "a".repeat(LIMIT))), None);
    }
}
