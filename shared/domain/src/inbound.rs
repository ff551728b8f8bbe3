//! What a text from a contact asks for (rules I2 and I3).

/// What the engine does about an inbound text by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Stop texting me.
    OptOut,
    /// Text me again.
    OptIn,
    /// Tell me who you are.
    Help,
    /// Anything else: an agent reads it.
    Conversation,
}

const OPT_OUT: [&str; 12] = [
    "stop",
    "stopall",
    "stop all",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "revoke",
    "optout",
    "opt out",
    "remove",
    "arret",
];
const OPT_IN: [&str; 3] = ["start", "unstop", "opt in"];
const HELP: [&str; 2] = ["help", "info"];

/// Plain-language revocations: these words in this order, anywhere in a text that does not negate them.
const REVOCATIONS: [&str; 20] = [
    "take me off",
    "remove me",
    "remove my number",
    "delete my number",
    "lose my number",
    "stop texting",
    "stop messaging",
    "stop contacting",
    "stop sending me",
    "stop these texts",
    "stop the texts",
    "quit texting",
    "do not text",
    "dont text",
    "do not contact me",
    "dont contact me",
    "unsubscribe me",
    "opt me out",
    "no more texts",
    "please stop",
];

/// Words before a revocation that turn it round ("don't stop texting me").
const NEGATIONS: [&str; 5] = ["dont", "do not", "never", "didnt", "wont"];

/// Classifies a text. `own` are the organization's own opt-out words, in normal form or not; `opted_out` says whether the contact
/// has opted out, because then a plain yes opts in again.
pub fn classify(text: &str, own: &[String], opted_out: bool) -> Intent {
    let normal = normalise(text);
    let is = |words: &[&str]| words.contains(&normal.as_str());
    if is(&OPT_OUT) || own.iter().any(|word| normalise(word) == normal && !normal.is_empty()) || revokes(&normal) {
        Intent::OptOut
    } else if is(&OPT_IN) || (opted_out && normal == "yes") {
        Intent::OptIn
    } else if is(&HELP) {
        Intent::Help
    } else {
        Intent::Conversation
    }
}

/// Lower case, without punctuation, words joined by single spaces. Apostrophes vanish, other marks part words.
fn normalise(text: &str) -> String {
    let kept: String = text
        .chars()
        .filter(|c| !matches!(c, '\'' | '\u{2019}' | '\u{2018}'))
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn revokes(normal: &str) -> bool {
    if matches!(normal, "stop please" | "stop it" | "stop now" | "stop this") {
        return true;
    }
    let padded = format!(" {normal} ");
    REVOCATIONS.iter().any(|phrase| {
        padded.find(&format!(" {phrase} ")).is_some_and(|at| {
            // "please stop" ends the text: "please stop by" is an invitation.
            let ends = *phrase != "please stop" || at + phrase.len() + 2 == padded.len();
            ends && !NEGATIONS.iter().any(|no| padded[..=at].ends_with(&format!(" {no} ")))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent(text: &str) -> Intent {
        classify(text, &["basta".to_owned()], false)
    }

    #[test]
    fn i2_keywords_are_the_whole_message() {
        for text in ["STOP", " Stop. ", "stop all", "Opt-Out", "opt out!", "QUIT", "Remove", "END", "Basta!"] {
            assert_eq!(intent(text), Intent::OptOut, "{text}");
        }
    }

    #[test]
    fn i2_plain_language_revocations() {
        for text in [
            "please take me off this list",
            "Stop texting me",
            "STOP PLEASE",
            "Please stop.",
            "don't text me again",
            "I said remove me",
        ] {
            assert_eq!(intent(text), Intent::OptOut, "{text}");
        }
    }

    #[test]
    fn i2_near_misses_do_not_opt_out() {
        for text in [
            "stop by my house",
            "please stop by the office",
            "don't stop",
            "don't stop texting me",
            "I'll be at the end of the street",
            "can you cancel my sign?",
            "",
        ] {
            assert_eq!(intent(text), Intent::Conversation, "{text}");
        }
    }

    #[test]
    fn i3_opting_in_again() {
        assert_eq!(intent("START"), Intent::OptIn);
        assert_eq!(intent("yes"), Intent::Conversation);
        assert_eq!(classify("Yes!", &[], true), Intent::OptIn);
        assert_eq!(intent("help"), Intent::Help);
    }
}
