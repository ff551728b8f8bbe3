//! The remainder of a redacted person: a keyed hash of the number (rule R4), and the key that it is
//! under.

use crate::{keyed::keyed, people::e164::E164};

/// A keyed hash of a number.
pub type PhoneHash = [u8; 32];

/// The check value of a key: a database knows the key by it. It tells nothing of the key.
pub type KeyId = [u8; 16];

/// The text with a hash under a key that is the key's check value.
const CHECK_TEXT: &[u8] = b"muster phone_hash_key check value";

/// The keys under which numbers are hashed: the one that is written with, and others, under which
/// hashes may be as well: the next one while keys are rotated, and those before.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneHashKeys {
    current: [u8; 32],
    previous: Vec<[u8; 32]>,
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
    /// The hashes that may have been written before.
    pub previous: Vec<PhoneHash>,
}

impl PhoneHashKeys {
    /// Keys; a previous one that is the current one is none.
    pub fn new(current: [u8; 32], previous: impl IntoIterator<Item = [u8; 32]>) -> Self {
        Self { previous: previous.into_iter().filter(|previous| *previous != current).collect(), current }
    }

    /// Returns the check value of the key that is written with.
    pub fn current_id(&self) -> KeyId {
        check_value(&self.current)
    }

    /// Returns the check values of the other keys.
    pub fn previous_ids(&self) -> Vec<KeyId> {
        self.previous.iter().map(check_value).collect()
    }

    /// Returns whether there are other keys, while they are rotated.
    pub fn is_rotated(&self) -> bool {
        !self.previous.is_empty()
    }

    /// Hashes a number under all keys.
    pub fn of(&self, number: &E164) -> PhoneHashes {
        PhoneHashes {
            key_id: self.current_id(),
            current: phone_hash(&self.current, number),
            previous: self.previous_hashes(number),
        }
    }

    /// Returns a keyed hash of a client's address, under which the rate of its sign-ups is kept.
    /// While keys are rotated a client may have two.
    pub fn client_hash(&self, address: &str) -> PhoneHash {
        keyed(&self.current, format!("client {address}").as_bytes())
    }

    /// Signs a text of the ledger; returns the check value of the key and the signature.
    pub fn sign(&self, text: &[u8]) -> (KeyId, PhoneHash) {
        (self.current_id(), keyed(&self.current, &ledger_text(text)))
    }

    /// Returns whether a text of the ledger was signed with one of the keys.
    pub fn is_signed(&self, text: &[u8], key: &KeyId, signature: &PhoneHash) -> bool {
        let mut keys = std::iter::once(&self.current).chain(&self.previous);
        keys.find(|of| check_value(of) == *key).is_some_and(|of| keyed(of, &ledger_text(text)) == *signature)
    }

    /// Returns the hash that is written.
    pub fn current_hash(&self, number: &E164) -> PhoneHash {
        phone_hash(&self.current, number)
    }

    /// Returns the hashes under the other keys.
    pub fn previous_hashes(&self, number: &E164) -> Vec<PhoneHash> {
        self.previous.iter().map(|key| phone_hash(key, number)).collect()
    }
}

impl PhoneHashes {
    /// Returns all of them, for look-ups.
    pub fn all(&self) -> Vec<Vec<u8>> {
        std::iter::once(&self.current).chain(&self.previous).map(|hash| hash.to_vec()).collect()
    }

    /// Returns one of them that is the same whichever of the keys is the current one: processes
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

/// No number and no client's address begins like this.
fn ledger_text(text: &[u8]) -> Vec<u8> {
    [b"muster ledger\n", text].concat()
}

fn check_value(key: &[u8; 32]) -> KeyId {
    let mut id = [0; 16];
    id.copy_from_slice(&keyed(key, CHECK_TEXT)[..16]);
    id
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
        assert_eq!(two.previous_ids(), [one.current_id()]);
        assert_eq!(PhoneHashKeys::new([1; 32], Some([1; 32])).previous_ids(), [[0; 16]; 0]);
        let three = PhoneHashKeys::new([3; 32], [[2; 32], [1; 32]]);
        assert_eq!(three.previous_ids(), [two.current_id(), one.current_id()]);
    }

    #[test]
    fn r4_before_and_after_a_rotation_the_same_hashes_are_looked_for() {
        let number = E164::parse("+12125551234").unwrap();
        let before = PhoneHashKeys::new([1; 32], Some([2; 32])).of(&number);
        let after = PhoneHashKeys::new([2; 32], Some([1; 32])).of(&number);
        assert_eq!(before.previous, [after.current]);
        assert_eq!(before.agreed(), after.agreed());
        let sorted = |hashes: &PhoneHashes| {
            let mut all = hashes.all();
            all.sort();
            all
        };
        assert_eq!(sorted(&before), sorted(&after));
    }
}
