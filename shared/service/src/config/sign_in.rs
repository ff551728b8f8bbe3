//! `[sign_in]`: the key of codes and links, and how often somebody may ask for them.

use super::{
    key::{default, unset},
    privacy::HashKey,
    section::{Check, section},
};

section! {
    /// Sign-in by mail. See [sign-in](sign-in.md).
    SignIn in "sign_in" {
        /// 64 hexadecimal digits, the same for the api and the workers: codes, links of invites
        /// and the seal of identity providers' secrets are made with it. Without it, members sign
        /// in with tokens alone.
        key: Option<HashKey> = unset();
        /// Hosts of identity providers, each with its port (`id.internal:8443`), that may have any
        /// address and may be asked without TLS. Others are asked at public addresses alone.
        allowed_hosts: Vec<String> = default(Vec::new());
        /// Sign-ins that may be asked for from one address within an hour.
        address_an_hour: u32 = default(600_u32), within 1..=1_000_000;
        /// Codes that may be asked for and sent to one email address within an hour.
        email_an_hour: u32 = default(10_u32), within 1..=10_000;
    }
}

impl Check for SignIn {}

impl SignIn {
    /// Returns the key, if there is one.
    pub fn key(&self) -> Option<[u8; 32]> {
        self.key.as_ref().map(HashKey::bytes)
    }
}
