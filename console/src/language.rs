//! The language of pages: English and Spanish for agents and for sign-in, by a choice that is kept,
//! else by the browser's wish.

use axum::{
    http::{
        HeaderMap, HeaderValue,
        header::{ACCEPT_LANGUAGE, SET_COOKIE},
    },
    response::Response,
};

use crate::{form::Fields, next, page::see, visit::cookie};

const NAME: &str = "__Host-muster-language";
const ATTRIBUTES: &str = "Max-Age=31536000; Path=/; Secure; HttpOnly; SameSite=Lax";

/// A language of the console.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Language {
    /// English.
    #[default]
    English,
    /// Spanish.
    Spanish,
}

impl Language {
    /// Returns the language that a request wants.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        cookie(headers, NAME).and_then(Self::named).unwrap_or_else(|| {
            let wish = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
            Self::wished(wish)
        })
    }

    /// Returns the first of our languages that a browser names with the greatest weight.
    fn wished(wish: &str) -> Self {
        let mut best = (Self::default(), 0.0);
        for part in wish.split(',').take(20) {
            let (name, weight) = part.split_once(";q=").unwrap_or((part, "1"));
            let weight: f32 = weight.trim().parse().unwrap_or(0.0);
            let primary = name.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
            if let Some(language) = Self::named(&primary)
                && weight > best.1
            {
                best = (language, weight);
            }
        }
        best.0
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            "en" => Some(Self::English),
            "es" => Some(Self::Spanish),
            _ => None,
        }
    }

    /// Returns its name in addresses, headers and the API.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// Returns the other language.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::English => Self::Spanish,
            Self::Spanish => Self::English,
        }
    }

    /// Returns its name in itself.
    pub(crate) const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Spanish => "Español",
        }
    }

    /// Returns the English or the Spanish words.
    pub(crate) fn pick<T>(self, english: T, spanish: T) -> T {
        match self {
            Self::English => english,
            Self::Spanish => spanish,
        }
    }
}

/// `POST /language`: keeps the choice of a language.
pub(crate) async fn choose(fields: Fields) -> Response {
    let language = Language::named(fields.get("language")).unwrap_or_default();
    let mut response = see(next::own(fields.get("next")).unwrap_or("/sign-in"));
    if let Ok(value) = HeaderValue::try_from(format!("{NAME}={}; {ATTRIBUTES}", language.tag())) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::COOKIE;

    #[test]
    fn the_language_is_the_choice_else_the_browsers_wish() {
        for (wish, language) in [
            ("es-MX,es;q=0.9,en;q=0.8", Language::Spanish),
            ("en-US,es;q=0.9", Language::English),
            ("de,es;q=0.5,en;q=0.4", Language::Spanish),
            ("es;q=0.2, en;q=0.7", Language::English),
            ("de", Language::English),
            ("", Language::English),
            ("es;q=x", Language::English),
        ] {
            assert_eq!(Language::wished(wish), language, "{wish}");
        }
        let headers = HeaderMap::from_iter([
            (ACCEPT_LANGUAGE, "en".parse().unwrap()),
            (COOKIE, format!("{NAME}=es").parse().unwrap()),
        ]);
        assert_eq!(Language::of(&headers), Language::Spanish);
    }
}
