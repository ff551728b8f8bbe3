//! The remainder of a redacted person: a keyed hash of the number (rule R4), and the key that it is
//! under.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::people::e164::E164;

/// A keyed hash of a number.
pub type PhoneHash = [u8; 32];

/// The check value of a key: a database knows the key by it. It tells nothing of the key.
pub type KeyId = [u8; 16];

/// The text with a hash under a key that is the key's check value.
const CHECK_TEXT: &[u8] = b"muster phone_hash_key check value";

/// The keys under which numbers are hashed: the one that is written with, and while keys are
/// rotated the other one, under which hashes may be as well.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneHashKeys {
    current: [u8; 32],
    previous: Option<[u8; 32]>,
}

impl std::fmt::Debug for PhoneHashKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PhoneHashKeys")
    }
}

/// The hashes of one number under all keys that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneHashes {
    /// The key of `current`.
    pub key_id: KeyId,
    /// The hash to write.
    pub current: PhoneHash,
    /// The hash that may have been written before.
    pub previous: Option<PhoneHash>,
}

impl PhoneHashKeys {
    /// Keys; a previous one that is the current one is none.
    pub fn new(current: [u8; 32], previous: Option<[u8; 32]>) -> Self {
        Self { previous: previous.filter(|previous| *previous != current), current }
    }

    /// Returns the check value of the key that is written with.
    pub fn current_id(&self) -> KeyId {
        check_value(&self.current)
    }

    /// Returns the check value of the other key.
    pub fn previous_id(&self) -> Option<KeyId> {
        self.previous.as_ref().map(check_value)
    }

    /// Hashes a number under all keys.
    pub fn of(&self, number: &E164) -> PhoneHashes {
        PhoneHashes {
            key_id: self.current_id(),
            current: phone_hash(&self.current, number),
            previous: self.previous.as_ref().map(|key| phone_hash(key, number)),
        }
    }

    /// Returns a keyed hash of a client's address, under which the rate of its sign-ups is kept.
    /// While keys are rotated a client may have two.
    pub fn client_hash(&self, address: &str) -> PhoneHash {
        keyed(&self.current, format!("client {address}").as_bytes())
    }

    /// Returns the hash that is written.
    pub fn current_hash(&self, number: &E164) -> PhoneHash {
        phone_hash(&self.current, number)
    }

    /// Returns the hash under the other key.
    pub fn previous_hash(&self, number: &E164) -> Option<PhoneHash> {
        self.previous.as_ref().map(|key| phone_hash(key, number))
    }
}

impl PhoneHashes {
    /// Returns all of them, for look-ups.
    pub fn all(&self) -> Vec<Vec<u8>> {
        std::iter::once(&self.current).chain(&self.previous).map(|hash| hash.to_vec()).collect()
    }

    /// Returns one of them that is the same whichever of the two keys is the current one: processes
    /// that are configured before and after a rotation agree on it.
    pub fn agreed(&self) -> &PhoneHash {
        self.previous.iter().fold(&self.current, |least, other| least.min(other))
    }
}

/// HMAC-SHA-256 of the E.164 number under a key that is held outside the database. A plain hash
/// would not do: all 6.4 × 10⁹ numbers are quickly tried.
pub fn phone_hash(key: &[u8; 32], number: &E164) -> PhoneHash {
    keyed(key, number.as_str().as_bytes())
}

fn check_value(key: &[u8; 32]) -> KeyId {
    let mut id = [0; 16];
    id.copy_from_slice(&keyed(key, CHECK_TEXT)[..16]);
    id
}

fn keyed(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    // A 32-byte key fits the block of SHA-256, so that the constructor that takes exactly one block
    // is total.
    let mut block = [0u8; 64];
    block[..32].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(text);
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

    #[test]
    fn r4_a_key_is_known_by_its_check_value_alone() {
        let (one, two) = (PhoneHashKeys::new([1; 32], None), PhoneHashKeys::new([2; 32], Some([1; 32])));
        assert_ne!(one.current_id(), two.current_id());
        assert_eq!(two.previous_id(), Some(one.current_id()));
        assert_eq!(PhoneHashKeys::new([1; 32], Some([1; 32])).previous_id(), None);
    }

    #[test]
    fn r4_before_and_after_a_rotation_the_same_hashes_are_looked_for() {
        let number = E164::parse("+12125551234").unwrap();
        let before = PhoneHashKeys::new([1; 32], Some([2; 32])).of(&number);
        let after = PhoneHashKeys::new([2; 32], Some([1; 32])).of(&number);
        assert_eq!(before.previous, Some(after.current));
        assert_eq!(before.agreed(), after.agreed());
        let sorted = |hashes: &PhoneHashes| {
            let mut all = hashes.all();
            all.sort();
            all
        };
        assert_eq!(sorted(&before), sorted(&after));
    }
}
