//! What carriers' codes mean: one table (rule S7).
//!
//! Sources: Twilio's error and warning dictionary. Codes marked "2nd" in the remarks were seen only in secondary sources.

/// What to do about a text that was refused or not delivered, and about its contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Try again after about this many seconds, inside the window.
    Retry(u32),
    /// The brand's daily cap is reached at the carrier: hold until its day turns.
    HoldToNextDay,
    /// Never again for this text.
    Fail,
    /// Never again for this number: it takes no texts.
    NotTextable,
    /// The contact has opted out at the carrier.
    OptedOut,
}

/// The table: code, action, remark.
pub const TABLE: [(i32, Action, &str); 22] = [
    (429, Action::Retry(5), "too many requests"),
    (20429, Action::Retry(5), "too many requests"),
    (20503, Action::Retry(10), "service unavailable"),
    (21211, Action::NotTextable, "invalid 'To' number"),
    (21610, Action::OptedOut, "recipient has opted out at the carrier"),
    (21611, Action::Retry(60), "queue of the sender number is full"),
    (21614, Action::NotTextable, "'To' is not a mobile number"),
    (21635, Action::NotTextable, "'To' is a landline"),
    (30001, Action::Retry(60), "queue overflow"),
    (30002, Action::Fail, "account suspended (2nd)"),
    (30003, Action::Fail, "handset unreachable; a receipt comes after the text was billed, and it is not sent again"),
    (30004, Action::Fail, "message blocked (2nd)"),
    (30005, Action::NotTextable, "unknown handset (2nd)"),
    (30006, Action::NotTextable, "landline or unreachable carrier"),
    (30007, Action::Fail, "filtered by the carrier (2nd)"),
    (30008, Action::Fail, "unknown error (2nd)"),
    (30022, Action::Retry(30), "rate limit exceeded"),
    (30023, Action::HoldToNextDay, "daily cap reached (2nd)"),
    (30027, Action::HoldToNextDay, "daily cap reached with T-Mobile (2nd)"),
    (500, Action::Retry(30), "server error"),
    (502, Action::Retry(30), "bad gateway"),
    (503, Action::Retry(30), "service unavailable"),
];

/// What a code means. One that is not in the table falls to the class of its range: HTTP server errors and Twilio's 205xx may pass,
/// all else is final.
pub fn action(code: i32) -> Action {
    match TABLE.iter().find(|(known, ..)| *known == code) {
        Some((_, action, _)) => *action,
        None if (500..600).contains(&code) || (20500..20600).contains(&code) => Action::Retry(30),
        None => Action::Fail,
    }
}

/// Is the code in the table? Others are reported, because carriers split codes over time.
pub fn is_known(code: i32) -> bool {
    TABLE.iter().any(|(known, ..)| *known == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s7_every_code_is_in_the_table_once() {
        for (index, (code, ..)) in TABLE.iter().enumerate() {
            assert!(TABLE[index + 1..].iter().all(|(other, ..)| other != code), "{code}");
        }
    }

    #[test]
    fn s7_permanent_errors_never_retry() {
        for code in [21211, 21614, 21635, 30006, 21610, 30004, 30007] {
            assert!(!matches!(action(code), Action::Retry(_)), "{code}");
        }
        assert_eq!(action(599), Action::Retry(30));
        assert_eq!(action(39999), Action::Fail);
    }
}
