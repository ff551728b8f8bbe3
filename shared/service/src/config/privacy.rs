//! `[privacy]`: the keys under which phones of redacted people are hashed.

use std::fmt;

use figment::value::Value;

use super::{
    key::{Field, Form, REDACTED, required, unset},
    section::{Check, section},
};

section! {
    /// The keys under which phones of redacted people are hashed (R4).
    Privacy in "privacy" {
        /// 64 hexadecimal digits. Keep it out of the database and its backups: losing it loses the
        /// opt-outs of redacted people. See [privacy](privacy.md).
        phone_hash_key: HashKey = required(), env "phone_hash_key";
        /// While the key is rotated: the other key, under which hashes may be as well. New hashes
        /// are under `phone_hash_key` alone.
        phone_hash_key_previous: Option<HashKey> = unset(), env "phone_hash_key_previous";
    }
}

impl Check for Privacy {}

impl Privacy {
    /// Returns the key and, while it is rotated, the other one.
    pub fn keys(&self) -> ([u8; 32], Option<[u8; 32]>) {
        (self.phone_hash_key.0, self.phone_hash_key_previous.as_ref().map(|key| key.0))
    }
}

/// A key of 32 bytes, written as 64 hexadecimal digits.
#[derive(Clone)]
pub struct HashKey([u8; 32]);

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
