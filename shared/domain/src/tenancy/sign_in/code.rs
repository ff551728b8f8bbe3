//! Codes of sign-ins and secrets of invites. Both are derived from ids under a key that is held
//! outside the database, so that the api and the worker agree on them and nothing stands in a row,
//! a job or a log.

use strum::{VariantArray, VariantNames};

use crate::{
    ids::{InviteId, SignInId},
    keyed::keyed,
    text_enum,
};

/// Characters of a code: digits and consonants that do not look alike, so that a code spells no
/// word.
const ALPHABET: &[u8; 28] = b"23456789BCDFGHJKMNPQRSTVWXYZ";

/// Characters that a code has.
pub const CODE_LENGTH: usize = 8;

/// Wrong codes after which a sign-in is over.
pub const TRIES: i16 = 5;

/// Minutes in which a code can be used.
pub const CODE_MINUTES: i32 = 10;

/// Languages of mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum MailLanguage {
    /// English.
    #[default]
    En,
    /// Spanish.
    Es,
}

text_enum!(MailLanguage);

/// The key of codes, invites and sealed secrets.
#[derive(Clone)]
pub struct SignInKey([u8; 32]);

impl std::fmt::Debug for SignInKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignInKey")
    }
}

impl SignInKey {
    /// A key of 32 random bytes.
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// Returns the code of a sign-in: 8 characters, 38 bits.
    pub fn code(&self, id: SignInId) -> String {
        let hash = self.of("code", id.0.as_bytes(), 0);
        let mut bits = u64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]]);
        let mut code = String::with_capacity(CODE_LENGTH);
        for _ in 0..CODE_LENGTH {
            // Of 2^64 values, so that no character is likelier than another by more than 2^-24.
            code.push(char::from(ALPHABET[usize::try_from(bits % 28).unwrap_or(0)]));
            bits /= 28;
        }
        code
    }

    /// Returns whether this is the code of a sign-in, as people type it. It takes as long for a
    /// code that is nearly right as for another.
    pub fn is_code(&self, id: SignInId, typed: &str) -> bool {
        let typed: String = typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
        // Hashes of both are compared, of which nobody can choose one.
        self.of("typed", typed.as_bytes(), 0) == self.of("typed", self.code(id).as_bytes(), 0)
    }

    /// Returns the secret of an invite's link, in 64 hexadecimal digits.
    pub fn invite(&self, id: InviteId, generation: i32) -> String {
        hex(self.of("invite", id.0.as_bytes(), generation))
    }

    /// Returns whether this is the secret of an invite.
    pub fn is_invite(&self, id: InviteId, generation: i32, secret: &str) -> bool {
        self.of("typed", secret.as_bytes(), 0) == self.of("typed", self.invite(id, generation).as_bytes(), 0)
    }

    /// Returns a value of a sign-in at an identity provider, in 64 hexadecimal digits: its state,
    /// its nonce, or PKCE's verifier.
    pub fn oidc(&self, id: SignInId, value: &str) -> String {
        hex(self.of(value, id.0.as_bytes(), 0))
    }

    /// Returns the key under which secrets of tenants are sealed in the database.
    pub fn sealing(&self) -> [u8; 32] {
        self.of("sealing", &[], 0)
    }

    fn of(&self, purpose: &str, subject: &[u8], generation: i32) -> [u8; 32] {
        let mut text = format!("muster sign-in {purpose} {generation} ").into_bytes();
        text.extend_from_slice(subject);
        keyed(&self.0, &text)
    }
}

fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a6_a_code_is_its_sign_ins_alone_and_is_read_as_people_type_it() {
        let (key, other) = (SignInKey::new([7; 32]), SignInKey::new([8; 32]));
        let ids: Vec<_> = (0..500).map(|_| SignInId::new()).collect();
        let codes: BTreeSet<_> = ids.iter().map(|id| key.code(*id)).collect();
        assert_eq!(codes.len(), ids.len());
        for id in &ids {
            let code = key.code(*id);
            assert!(code.len() == CODE_LENGTH && code.bytes().all(|letter| ALPHABET.contains(&letter)), "{code}");
            let typed = format!(" {}-{} ", code[..4].to_lowercase(), &code[4..]);
            assert!(key.is_code(*id, &code) && key.is_code(*id, &typed));
            assert!(!key.is_code(*id, "") && !key.is_code(*id, &code[1..]) && !other.is_code(*id, &code));
            assert!(!key.is_code(SignInId::new(), &code));
        }
        let used: BTreeSet<char> = codes.iter().flat_map(|code| code.chars()).collect();
        assert_eq!(used.len(), ALPHABET.len(), "every character comes up");
    }

    #[test]
    fn a6_a_rotated_invite_has_another_secret() {
        let (key, id) = (SignInKey::new([7; 32]), InviteId::new());
        let secret = key.invite(id, 1);
        assert_eq!(secret.len(), 64);
        assert!(
            key.is_invite(id, 1, &secret)
                && !key.is_invite(id, 2, &secret)
                && !key.is_invite(InviteId::new(), 1, &secret)
        );
        assert_ne!(key.sealing(), [7; 32]);
    }
}
