//! The pages that mails lead to. Looking at one changes nothing: programs that look at mails open
//! links. The click of a person does.

mod html;
pub(crate) mod invite;
pub(crate) mod sign_in;

pub(crate) use self::sign_in::signed_in;
use muster_domain::tenancy::sign_in::code::MailLanguage;
use serde::Deserialize;

/// The language of a page, as its link says.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(crate) struct Language {
    #[serde(default)]
    lang: Option<MailLanguage>,
}

impl Language {
    /// Returns the English or the Spanish words.
    fn of<T>(self, english: T, spanish: T) -> T {
        match self.lang.unwrap_or_default() {
            MailLanguage::En => english,
            MailLanguage::Es => spanish,
        }
    }

    fn word(self) -> &'static str {
        self.lang.unwrap_or_default().as_str()
    }
}
