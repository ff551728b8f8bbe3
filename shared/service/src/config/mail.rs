//! `[mail]`: the way of mails.

use super::{
    key::unset,
    section::{Check, section},
};

section! {
    /// Mails of sign-in. See [sign-in](sign-in.md#mail).
    Mail in "mail" {
        /// Sender of mails, such as `Muster <muster@example.org>`.
        from: Option<String> = unset();
        /// Folder that mails are written into, one file each: for development and tests.
        folder: Option<String> = unset();
    }
}

impl Check for Mail {
    fn problem(&self) -> Option<String> {
        (self.folder.is_some() && self.from.is_none()).then(|| "mail.from is missing: mails need a sender".to_owned())
    }
}
