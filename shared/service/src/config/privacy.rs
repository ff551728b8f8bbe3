//! `[privacy]`: the keys under which phones of redacted people are hashed.

use std::fmt;

use figment::value::Value;

use super::{
    key::{Field, Form, REDACTED, default, required, unset},
    section::{Check, section},
};

section! {
    /// The keys under which phones of redacted people are hashed (R4).
    Privacy in "privacy" {
        /// 64 hexadecimal digits. Keep it out of the database and its backups: losing it loses the
        /// opt-outs of redacted people. See [privacy](privacy.md).
        phone_hash_key: HashKey = required(), env "phone_hash_key";
        /// Other keys under which hashes may be, at most 8, parted by blanks, commas or line
        /// breaks: the next one while the key is rotated, and those of before. New hashes are
        /// under `phone_hash_key` alone.
        phone_hash_key_previous: Option<HashKeys> = unset(), env "phone_hash_key_previous";
        /// Days that the audit keeps addresses of clients (R9). The schedule `audit-addresses`
        /// (05:05 UTC) deletes them; the entries stay.
        audit_address_days: u64 = default(365_u64), within 1..=36_500, env "audit_address_days";
    }
}

impl Check for Privacy {}

impl Privacy {
    /// Returns the key and the others.
    pub fn keys(&self) -> ([u8; 32], Vec<[u8; 32]>) {
        let previous = self.phone_hash_key_previous.as_ref().map(|keys| keys.0.clone());
        (self.phone_hash_key.0, previous.unwrap_or_default())
    }
}

/// A key of 32 bytes, written as 64 hexadecimal digits.
#[derive(Clone)]
pub struct HashKey([u8; 32]);

impl HashKey {
    /// Returns its bytes.
    pub(super) const fn bytes(&self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Field for HashKey {
    const FORM: Form = Form::Secret;

    fn read(value: &Value) -> Result<Self, String> {
        let digits = value.as_str().unwrap_or_default();
        digits_of(digits).map(Self).ok_or_else(|| "must be 64 hexadecimal digits".to_owned())
    }

    fn show(&self) -> serde_json::Value {
        REDACTED.into()
    }
}

/// Keys at most beside the current one.
const MAX_PREVIOUS: usize = 8;

/// Several keys, parted by blanks, commas or line breaks.
#[derive(Clone)]
pub struct HashKeys(Vec<[u8; 32]>);

impl fmt::Debug for HashKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Field for HashKeys {
    const FORM: Form = Form::Secret;

    fn read(value: &Value) -> Result<Self, String> {
        let text = value.as_str().unwrap_or_default();
        let words = text.split(|character: char| character == ',' || character.is_whitespace());
        let keys: Option<Vec<_>> = words.filter(|word| !word.is_empty()).map(digits_of).collect();
        keys.filter(|keys| (1..=MAX_PREVIOUS).contains(&keys.len()))
            .map(Self)
            .ok_or_else(|| format!("must be 1 to {MAX_PREVIOUS} keys of 64 hexadecimal digits"))
    }

    fn show(&self) -> serde_json::Value {
        REDACTED.into()
    }
}

fn digits_of(hex: &str) -> Option<[u8; 32]> {
    if hex.len() != 64 || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut key = [0; 32];
    for (nth, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * nth..2 * nth + 2)?, 16).ok()?;
    }
    Some(key)
}
