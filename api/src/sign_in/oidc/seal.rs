//! Secrets of tenants in the database: sealed with AES-256-GCM under a key that is held outside it.

use muster_domain::{ids::AccountId, tenancy::sign_in::code::SignInKey};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};

/// Seals a secret for an account and an issuer: it cannot be opened for others.
pub(crate) fn seal(key: &SignInKey, account_id: AccountId, issuer: &str, secret: &str) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).ok()?;
    let mut text = secret.as_bytes().to_vec();
    let aad = Aad::from(place(account_id, issuer));
    cipher(key)?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut text).ok()?;
    Some([&nonce[..], &text].concat())
}

/// Opens a sealed secret; none where the key, the account or the issuer is another.
pub(crate) fn open(key: &SignInKey, account_id: AccountId, issuer: &str, sealed: &[u8]) -> Option<String> {
    let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
    let mut text = text.to_vec();
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let opened = cipher(key)?.open_in_place(nonce, Aad::from(place(account_id, issuer)), &mut text).ok()?;
    String::from_utf8(opened.to_vec()).ok()
}

fn cipher(key: &SignInKey) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, &key.sealing()).ok().map(LessSafeKey::new)
}

fn place(account_id: AccountId, issuer: &str) -> Vec<u8> {
    format!("{account_id} {issuer}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a6_a_secret_is_sealed_for_its_account_and_issuer_alone() {
        let (key, account, issuer) = (SignInKey::new([7; 32]), AccountId::new(), "https://id.example.org");
        let sealed = seal(&key, account, issuer, "hush").unwrap();
        assert!(!String::from_utf8_lossy(&sealed).contains("hush"));
        assert_ne!(seal(&key, account, issuer, "hush").unwrap(), sealed, "each seal is another");
        assert_eq!(open(&key, account, issuer, &sealed).as_deref(), Some("hush"));
        assert_eq!(open(&SignInKey::new([8; 32]), account, issuer, &sealed), None);
        assert_eq!(open(&key, AccountId::new(), issuer, &sealed), None);
        assert_eq!(open(&key, account, "https://other.example.org", &sealed), None);
        let mut altered = sealed.clone();
        *altered.last_mut().unwrap() ^= 1;
        assert_eq!(open(&key, account, issuer, &altered), None);
        assert_eq!(open(&key, account, issuer, &sealed[..3]), None);
    }
}
