//! A sentence that one page leaves to the next, in a cookie of its own.
//!
//! It has no name and no text of a person. The page that shows it takes the cookie back.

use axum::{
    http::{HeaderMap, HeaderValue, header::SET_COOKIE},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::visit::cookie;

const NAME: &str = "__Host-muster-flash";
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";
/// Seconds for which it is kept at most.
const AGE: u32 = 60;
const CHARACTERS: usize = 400;

/// How a sentence is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It is done.
    Good,
    /// It is not done.
    Bad,
}

/// A sentence left for the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flash {
    /// How it is meant.
    pub(crate) tone: Tone,
    /// The sentence.
    pub(crate) text: String,
}

impl Flash {
    /// Says that it is done.
    pub(crate) fn good(text: impl Into<String>) -> Self {
        Self { tone: Tone::Good, text: text.into() }
    }

    /// Says that it is not done.
    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self { tone: Tone::Bad, text: text.into() }
    }

    /// Reads the sentence that the page before has left.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let value = URL_SAFE_NO_PAD.decode(cookie(headers, NAME)?).ok()?;
        let value = String::from_utf8(value).ok()?;
        let tone = match value.chars().next()? {
            'g' => Tone::Good,
            'b' => Tone::Bad,
            _ => return None,
        };
        Some(Self { tone, text: value.chars().skip(1).take(CHARACTERS).collect() })
    }

    /// Leaves it to the page after an answer.
    pub(crate) fn on(&self, mut response: Response) -> Response {
        let tone = if self.tone == Tone::Good { 'g' } else { 'b' };
        let text: String = std::iter::once(tone).chain(self.text.chars().take(CHARACTERS)).collect();
        let value = URL_SAFE_NO_PAD.encode(text);
        if let Ok(value) = HeaderValue::try_from(format!("{NAME}={value}; Max-Age={AGE}; {ATTRIBUTES}")) {
            response.headers_mut().append(SET_COOKIE, value);
        }
        response
    }

    /// Returns the class of its box.
    pub(crate) fn class(&self) -> &'static str {
        match self.tone {
            Tone::Good => "good",
            Tone::Bad => "bad",
        }
    }
}

/// Returns the header that takes the cookie back.
pub(crate) fn forgotten() -> HeaderValue {
    HeaderValue::from_static("__Host-muster-flash=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{http::header::COOKIE, response::IntoResponse};

    #[test]
    fn a_sentence_comes_back_as_it_was_left() {
        for flash in [Flash::good("¡Hecho!"), Flash::bad("<script>; a=b")] {
            let response = flash.on("".into_response());
            let set = response.headers()[SET_COOKIE].to_str().unwrap();
            let pair = set.split(';').next().unwrap().parse().unwrap();
            assert_eq!(Flash::of(&HeaderMap::from_iter([(COOKIE, pair)])), Some(flash));
        }
    }

    #[test]
    fn a_cookie_that_cannot_be_read_says_nothing() {
        for value in ["", "%%%", "eA", "_w"] {
            let pair = format!("{NAME}={value}").parse().unwrap();
            assert_eq!(Flash::of(&HeaderMap::from_iter([(COOKIE, pair)])), None, "{value}");
        }
    }
}
