//! The estimate of a script's segments, before anybody is texted (rules B6, S11 and M4).
//!
//! Previews, forecasts and release plans all use this one: they speak of the same texts. Caps count
//! each text as it is.

use crate::sending::{
    segments::{self, Segments},
    template::Template,
};

/// Stands for the value of every merge field.
const ORDINARY_VALUE: &str = "Margaret";

/// Returns a text as it is sent: with look-alikes replaced, if the organization wants that
/// (rule M5).
pub fn encoded(text: String, smart_encoding: bool) -> String {
    if smart_encoding { segments::smart_encode(&text) } else { text }
}

/// Counts one text of a script, with an ordinary value in each field, as it would be sent.
pub fn estimate(script: &str, smart_encoding: bool) -> Segments {
    let rendered = Template::parse(script, |_| true)
        .ok()
        .and_then(|template| template.render(|_| Some(ORDINARY_VALUE)).ok())
        .unwrap_or_else(|| script.to_owned());
    segments::count(&encoded(rendered, smart_encoding))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sending::segments::Encoding;

    #[test]
    fn m5_a_script_is_estimated_as_it_is_sent() {
        let script = format!("Hi {{{{first_name}}}}, don’t wait{} Reply STOP", "!".repeat(60));
        assert_eq!(estimate(&script, false).segments, 2);
        assert_eq!(estimate(&script, false).encoding, Encoding::Ucs2);
        assert_eq!((estimate(&script, true).segments, estimate(&script, true).encoding), (1, Encoding::Gsm7));
        let plain = "Hi {{first_name|there}}! Reply STOP";
        assert_eq!(estimate(plain, true), estimate(plain, false));
        assert_eq!(estimate(plain, true), segments::count("Hi Margaret! Reply STOP"));
    }
}
