//! Text of strangers on a terminal: control characters, escapes and marks that turn the direction
//! of writing are shown, and not obeyed.

use std::{borrow::Cow, fmt::Write as _};

/// Characters that a terminal obeys, or that make text look like other text.
fn is_hidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c,
            '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
            && !matches!(c, '\u{200d}' | '\u{fe0f}')
}

/// Returns the text with each such character as `\u` and four hexadecimal digits, two of these for
/// characters beyond the first plane: as JSON has it, so that JSON stays JSON with the same
/// meaning. Line breaks and tabs stay as they are, and so do the marks that join emoji.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        for (text, shown) in [
            ("\u{1b}[2J\u{1b}[31mred", "\\u001b[2J\\u001b[31mred"),
            ("a\rb\u{8}c\u{7}", "a\\u000db\\u0008c\\u0007"),
            ("\u{9b}31m and \u{7f}", "\\u009b31m and \\u007f"),
            ("gpj.\u{202e}exe", "gpj.\\u202eexe"),
            ("\u{2066}x\u{2069}\u{200f}\u{feff}", "\\u2066x\\u2069\\u200f\\ufeff"),
            ("tag\u{e0041}", "tag\\udb40\\udc41"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn what_is_harmless_stays_as_it_is() {
        for text in ["Zoë – “Ward 7”\n\tñ 你好 العربية", "👩\u{200d}👧 ☎\u{fe0f}", ""] {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn json_stays_json_and_says_the_same() {
        let value = serde_json::json!({ "name": "a\u{1b}[0m\u{202e}b\u{9b}\u{e0041}\"\\" });
        let shown = visible(&value.to_string()).into_owned();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        assert!(!shown.contains('\u{202e}') && !shown.contains('\u{9b}'));
    }
}
