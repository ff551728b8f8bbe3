//! Secrets that this system makes.

use std::fmt::Write;

use uuid::Uuid;

/// Returns a key that names a public page: 122 random bits as hexadecimal digits.
pub fn page_key() -> String {
    Uuid::new_v4().simple().to_string()
}

/// The beginning of each operator's token, by which it is told from a member's.
pub const OPERATOR: &str = "muster_operator_";

/// The beginning of the secret of each session: a cookie has no other.
pub const SESSION: &str = "muster_session_";

/// Returns a bearer token: 244 random bits as hexadecimal digits, after a mark by which leaked ones
/// can be searched for.
pub fn token() -> String {
    marked("muster_")
}

/// Returns the secret of a session, with as many random bits.
pub fn session() -> String {
    marked(SESSION)
}

/// Returns an operator's token, with as many random bits.
pub fn operator() -> String {
    marked(OPERATOR)
}

fn marked(mark: &str) -> String {
    let mut secret = String::from(mark);
    for part in [Uuid::new_v4(), Uuid::new_v4()] {
        // Writing to a string does not fail.
        let _ = write!(secret, "{}", part.simple());
    }
    secret
}
