//! Secrets that this system makes.

use std::fmt::Write;

use uuid::Uuid;

/// Returns a key that names a public page: 122 random bits as hexadecimal digits.
pub fn page_key() -> String {
    Uuid::new_v4().simple().to_string()
}

/// Returns a bearer token: 244 random bits as hexadecimal digits, after a mark by which leaked ones
/// can be searched for.
pub fn token() -> String {
    let mut token = String::from("muster_");
    for part in [Uuid::new_v4(), Uuid::new_v4()] {
        // Writing to a string does not fail.
        let _ = write!(token, "{}", part.simple());
    }
    token
}
