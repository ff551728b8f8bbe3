//! Keyed hashes: HMAC-SHA-256 under a key that is held outside the database.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Returns HMAC-SHA-256 of a text.
pub fn keyed(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    // A 32-byte key fits the block of SHA-256, so that the constructor that takes exactly one block
    // is total.
    let mut block = [0u8; 64];
    block[..32].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(text);
    mac.finalize().into_bytes().into()
}
