//! What remains of a redacted person: a keyed hash of the number (rule R4).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::e164::E164;

/// HMAC-SHA-256 of the E.164 number under a key that is held outside the database. A plain hash would not do: all
/// 6.4 × 10⁹ numbers are quickly tried.
pub fn phone_hash(key: &[u8; 32], number: &E164) -> [u8; 32] {
    // A 32-byte key fits the block of SHA-256, so that the constructor that takes exactly one block is total.
    let mut block = [0u8; 64];
    block[..32].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(number.as_str().as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r4_the_hash_depends_on_key_and_number() {
        let one = E164::parse("+12125551234").unwrap();
        let two = E164::parse("+12125551235").unwrap();
        assert_eq!(phone_hash(&[1; 32], &one), phone_hash(&[1; 32], &one));
        assert_ne!(phone_hash(&[1; 32], &one), phone_hash(&[2; 32], &one));
        assert_ne!(phone_hash(&[1; 32], &one), phone_hash(&[1; 32], &two));
    }
}
