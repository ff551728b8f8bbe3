//! Opt-outs that a column of a contacts file states (rule C17): exports of other tools say it by a
//! status, by a yes, or by a no to consent. A file can opt somebody out, and never in (rule C9).

use muster_domain::cell::{plain_text, unwrapped};

/// How a column speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// Have they opted out? A yes, or a date of it, is an opt-out.
    OptedOut,
    /// Have they opted in? A no is an opt-out.
    OptedIn,
    /// How do they stand? A word such as `unsubscribed` is an opt-out.
    Status,
}

/// Statement of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stated {
    /// That they have opted out.
    OptedOut,
    /// Anything else that is understood, or nothing.
    Nothing,
    /// Something that nobody here understands; it is warned about.
    Unknown,
}

/// Characters of the longest value that is understood.
const LONGEST_VALUE: usize = 60;

/// Marks of a box that is checked.
const CHECK_MARKS: [char; 3] = ['\u{2611}', '\u{2713}', '\u{2714}'];

/// Reads a value of such a column; its case, blanks, hyphens and underscores do not matter.
pub fn read(asks: Asks, value: &str) -> Stated {
    if value.len() > 4 * LONGEST_VALUE {
        return Stated::Unknown;
    }
    let text = plain_text(value).to_lowercase();
    let text = unwrapped(&text);
    let word: String = text.chars().filter(|c| c.is_alphanumeric() || CHECK_MARKS.contains(c)).collect();
    match (meaning(&word), asks) {
        (Some(Meaning::Out), _) | (Some(Meaning::Yes), Asks::OptedOut) | (Some(Meaning::No), Asks::OptedIn) => {
            Stated::OptedOut
        }
        (Some(Meaning::In | Meaning::Neither), _)
        | (Some(Meaning::No), Asks::OptedOut)
        | (Some(Meaning::Yes), Asks::OptedIn) => Stated::Nothing,
        (None, Asks::OptedOut) if is_date(text) => Stated::OptedOut,
        (None, Asks::OptedIn) if is_date(text) => Stated::Nothing,
        (None | Some(Meaning::Yes | Meaning::No), _) => Stated::Unknown,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Out,
    In,
    Yes,
    No,
    Neither,
}

fn meaning(word: &str) -> Option<Meaning> {
    Some(match word {
        "unsubscribed" | "unsubscribe" | "unsub" | "smsunsubscribed" | "optedout" | "optout" | "smsoptedout"
        | "smsoptout" | "out" | "o" | "stop" | "stopped" | "stopall" | "donottext" | "donotsms" | "donotcontact"
        | "dnt" | "dnc" | "notext" | "notexts" | "revoked" | "withdrawn" | "declined" | "refused" | "suppressed"
        | "blocked" | "blacklisted" | "removed" | "optedoutofsms" | "optedoutoftexts" => Meaning::Out,
        "subscribed" | "subscribe" | "resubscribed" | "optedin" | "optin" | "smsoptedin" | "smsoptin" | "in" | "i"
        | "active" | "confirmed" | "consented" | "granted" | "oktotext" => Meaning::In,
        "yes" | "y" | "true" | "t" | "1" | "10" | "100" | "x" | "on" | "checked" | "si" | "s\u{ed}" | "\u{2611}"
        | "\u{2713}" | "\u{2714}" => Meaning::Yes,
        "no" | "n" | "false" | "f" | "0" | "00" | "000" | "off" | "unchecked" => Meaning::No,
        "" | "null" | "none" | "na" | "unknown" | "u" | "unspecified" | "notset" | "notspecified" | "pending" => {
            Meaning::Neither
        }
        _ => return None,
    })
}

/// `2025-04-11`, `2025-04-11T10:00:00Z`, `4/11/2025 10:00`, `Apr 11, 2025`: when somebody opted
/// out. Enough of a date to be none of the words above.
fn is_date(text: &str) -> bool {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let groups: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|group| !group.is_empty()).collect();
    let digits = |group: &str| group.starts_with(|c: char| c.is_ascii_digit());
    let year = |group: &str| {
        group.len() >= 4
            && (group.starts_with("19") || group.starts_with("20"))
            && group.as_bytes()[..4].iter().all(u8::is_ascii_digit)
    };
    let month = |group: &str| MONTHS.iter().any(|month| group.starts_with(month));
    let dated = groups.iter().take(4).any(|group| year(group));
    let parts = groups.iter().take(3).filter(|group| digits(group) || month(group)).count();
    text.len() <= LONGEST_VALUE && dated && parts == 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c17_a_status_that_says_so_is_an_opt_out_whatever_is_asked() {
        for value in [
            "unsubscribed",
            "Unsubscribed",
            " UNSUBSCRIBED ",
            "opted out",
            "Opted-Out",
            "OPT_OUT",
            "O",
            "Stop",
            "do not text",
            "=\"unsubscribed\"",
            "un\u{200b}subscribed",
        ] {
            for asks in [Asks::Status, Asks::OptedOut, Asks::OptedIn] {
                assert_eq!(read(asks, value), Stated::OptedOut, "{value} {asks:?}");
            }
        }
        for value in ["subscribed", "Opted In", "opt-in", "I", "active", "", " ", "U", "unknown", "NULL", "N/A"] {
            for asks in [Asks::Status, Asks::OptedOut, Asks::OptedIn] {
                assert_eq!(read(asks, value), Stated::Nothing, "{value} {asks:?}");
            }
        }
    }

    #[test]
    fn c17_a_yes_and_a_no_mean_what_is_asked() {
        for value in ["true", "TRUE", "Yes", "y", "1", "1.0", "t", "x", "\u{2713}", "\u{ff11}"] {
            assert_eq!(read(Asks::OptedOut, value), Stated::OptedOut, "{value}");
            assert_eq!(read(Asks::OptedIn, value), Stated::Nothing, "{value}");
            assert_eq!(read(Asks::Status, value), Stated::Unknown, "{value}");
        }
        for value in ["false", "FALSE", "No", "n", "0", "0.0", "f", "off"] {
            assert_eq!(read(Asks::OptedOut, value), Stated::Nothing, "{value}");
            assert_eq!(read(Asks::OptedIn, value), Stated::OptedOut, "{value}");
            assert_eq!(read(Asks::Status, value), Stated::Unknown, "{value}");
        }
    }

    #[test]
    fn c17_a_date_of_opting_out_is_one() {
        for value in [
            "2025-04-11",
            "2025-04-11T10:00:00Z",
            "4/11/2025 10:00",
            "11.04.2025",
            "Apr 11, 2025",
            "2025-04-11 10:00:00 -0400",
        ] {
            assert_eq!(read(Asks::OptedOut, value), Stated::OptedOut, "{value}");
            assert_eq!(read(Asks::OptedIn, value), Stated::Nothing, "{value}");
            assert_eq!(read(Asks::Status, value), Stated::Unknown, "{value}");
        }
    }

    #[test]
    fn c17_what_is_not_understood_is_told() {
        for value in ["bouncing", "maybe", "2", "12345", "never subscribed", "2125550101", &"x".repeat(5_000)] {
            for asks in [Asks::Status, Asks::OptedOut, Asks::OptedIn] {
                assert_eq!(read(asks, value), Stated::Unknown, "{value} {asks:?}");
            }
        }
    }
}
