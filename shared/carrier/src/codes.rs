//! Carriers' codes and their meanings: one table (rule S7).
//!
//! A code can come in two ways, with different remedies:
//!
//! - as a *refusal*: the call that hands a text over was answered with it. Nothing was sent or
//!   billed, so the text may be handed over again.
//! - on a *receipt*: of a text that the carrier had accepted before. Handing that text over again
//!   would be a second hand-over of one message, which rule S2 forbids, also for a "temporary"
//!   code. Only its meaning for the contact or the brand is left.
//!
//! Where secondary sources advise to retry a receipt's code (30003, 30008), that advice is for
//! senders that make a new message. It is kept in the refusal column, should the code ever answer a
//! call.

use muster_domain::people::line::LineType;
pub use muster_domain::sending::refusal::Action;

/// A receipt code's meaning beyond the text itself, which is over in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptAction {
    /// Nothing but that the text did not arrive.
    None,
    /// The number takes no texts, because its line is of this type.
    NotTextable(LineType),
    /// The contact has opted out at the carrier.
    OptedOut,
    /// The carrier asks for less: hold queued texts for about this many seconds.
    SlowDown(u32),
    /// The brand's daily cap is reached at the carrier: hold queued texts until its day turns.
    CapReached,
    /// Nothing of this carrier account can go: hold queued texts until an admin has looked.
    StopAll,
}

/// Where a row comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The meaning of an HTTP status.
    Http,
    /// Twilio's error dictionary.
    Twilio,
    /// The action was seen only in secondary sources.
    Secondary,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The carrier's number, or an HTTP status.
    pub code: i32,
    /// When a hand-over is refused with it.
    pub on_refusal: Action,
    /// When it comes on a receipt.
    pub on_receipt: ReceiptAction,
    /// Where that comes from.
    pub source: Source,
    /// The carrier's meaning of it.
    pub meaning: &'static str,
}

const fn row(code: i32, on_refusal: Action, on_receipt: ReceiptAction, source: Source, meaning: &'static str) -> Code {
    Code { code, on_refusal, on_receipt, source, meaning }
}

use Action::{Fail, HoldToNextDay, NotTextable, OptedOut, Retry, RetryAtMost, StopAll};
use LineType::{Invalid, Landline};
use ReceiptAction as R;
use Source::{Http, Secondary, Twilio};

/// Twice more, half an hour and an hour later.
const UNREACHABLE: Action = RetryAtMost { seconds: 30 * 60, attempts: 3 };

/// Once more.
const ONCE_MORE: Action = RetryAtMost { seconds: 60, attempts: 2 };

/// The table, by code.
pub const TABLE: [Code; 42] = [
    row(401, StopAll, R::None, Http, "the credentials are not taken"),
    row(429, Retry(5), R::SlowDown(5), Http, "too many requests"),
    row(500, Retry(30), R::None, Http, "server error"),
    row(502, Retry(30), R::None, Http, "bad gateway"),
    row(503, Retry(30), R::None, Http, "service unavailable"),
    row(20003, StopAll, R::None, Twilio, "authentication failed"),
    row(20005, StopAll, R::None, Twilio, "the account is not active"),
    row(20429, Retry(5), R::SlowDown(5), Twilio, "too many requests"),
    row(20500, Retry(30), R::None, Twilio, "internal server error"),
    row(20503, Retry(10), R::None, Twilio, "service unavailable"),
    row(21211, NotTextable(Invalid), R::NotTextable(Invalid), Twilio, "invalid 'To' number"),
    row(21212, Fail, R::None, Twilio, "invalid 'From' number"),
    row(21408, Fail, R::None, Twilio, "the account may not text this region"),
    row(21602, Fail, R::None, Twilio, "the text has no body"),
    row(21606, Fail, R::None, Twilio, "the 'From' number cannot send to this number"),
    row(21608, Fail, R::None, Twilio, "a trial account texts verified numbers only"),
    row(21610, OptedOut, R::OptedOut, Twilio, "the recipient has opted out at the carrier"),
    row(21611, Retry(60), R::SlowDown(60), Twilio, "the queue of the sender number is full"),
    row(21612, Fail, R::None, Twilio, "the 'To' number cannot be reached from this 'From' number"),
    row(21614, NotTextable(Landline), R::NotTextable(Landline), Twilio, "'To' is not a mobile number"),
    row(21617, Fail, R::None, Twilio, "the body has more than 1,600 characters"),
    row(21624, Fail, R::None, Twilio, "the validity period is out of range"),
    row(21635, NotTextable(Landline), R::NotTextable(Landline), Twilio, "'To' is a landline"),
    row(30001, Retry(60), R::SlowDown(60), Twilio, "the queue overflowed"),
    row(30002, StopAll, R::StopAll, Secondary, "the account is suspended"),
    row(30003, UNREACHABLE, R::None, Secondary, "the handset is unreachable"),
    row(30004, Fail, R::None, Secondary, "the message was blocked"),
    row(30005, NotTextable(Invalid), R::NotTextable(Invalid), Secondary, "unknown handset"),
    row(30006, NotTextable(Landline), R::NotTextable(Landline), Twilio, "landline or unreachable carrier"),
    row(30007, Fail, R::None, Secondary, "filtered by the carrier"),
    row(30008, ONCE_MORE, R::None, Secondary, "unknown error"),
    row(30010, Fail, R::None, Twilio, "the message costs more than the highest price"),
    row(30012, Fail, R::None, Twilio, "the validity period is too short"),
    row(30022, Retry(30), R::SlowDown(30), Twilio, "the rate of the number or the campaign is exceeded"),
    row(30023, HoldToNextDay, R::CapReached, Secondary, "the daily cap is reached"),
    row(30024, Fail, R::None, Secondary, "the number is not set up for sending yet"),
    row(30027, HoldToNextDay, R::CapReached, Secondary, "T-Mobile's daily cap is reached"),
    row(30032, Fail, R::None, Secondary, "the toll-free number is not verified"),
    row(30034, Fail, R::None, Secondary, "the number belongs to no registered campaign"),
    row(30035, Fail, R::None, Secondary, "the number's registration is being changed"),
    row(30036, Fail, R::None, Twilio, "the validity period was over before the text left the queue"),
    row(90007, Fail, R::None, Twilio, "the validity period is out of range"),
];

/// Returns the row of a code.
pub fn find(code: i32) -> Option<&'static Code> {
    TABLE.binary_search_by_key(&code, |row| row.code).ok().map(|index| &TABLE[index])
}

/// Returns the action on a refused hand-over. A code that is not in the table falls to the class of
/// its range: HTTP server errors and Twilio's 205xx may pass, all else is final.
pub fn action(code: i32) -> Action {
    match find(code) {
        Some(row) => row.on_refusal,
        None if (500..600).contains(&code) || (20500..20600).contains(&code) => Retry(30),
        None => Fail,
    }
}

/// Returns a receipt code's meaning; nothing when the code is not in the table.
pub fn receipt_action(code: i32) -> ReceiptAction {
    find(code).map_or(R::None, |row| row.on_receipt)
}

/// Returns whether the code is in the table. Others are reported, because carriers split codes over
/// time.
pub fn is_known(code: i32) -> bool {
    find(code).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s7_every_code_is_in_the_table_once_and_is_found() {
        assert!(TABLE.is_sorted_by(|one, next| one.code < next.code));
        assert!(TABLE.iter().all(|row| find(row.code) == Some(row)));
        assert_eq!(find(0), None);
    }

    #[test]
    fn s7_permanent_errors_never_retry() {
        for code in [21211, 21610, 21614, 21635, 30004, 30005, 30006, 30007] {
            let permanent = matches!(action(code), Fail | NotTextable(_) | OptedOut);
            assert!(permanent, "{code}");
        }
    }

    #[test]
    fn s7_what_may_pass_is_tried_again_and_what_is_doubtful_only_a_few_times() {
        for code in [429, 20429, 20503, 21611, 30001, 30022, 500, 502, 503] {
            assert!(matches!(action(code), Retry(_)), "{code}");
        }
        for code in [30003, 30008] {
            assert!(matches!(action(code), RetryAtMost { attempts: 2..=3, .. }), "{code}");
        }
        for code in [30023, 30027] {
            assert_eq!(action(code), HoldToNextDay, "{code}");
        }
        assert_eq!(action(30002), StopAll);
    }

    #[test]
    fn s2_a_receipt_marks_a_contact_or_a_brand_as_the_refusal_would() {
        for row in &TABLE {
            match row.on_refusal {
                NotTextable(line) => assert_eq!(row.on_receipt, R::NotTextable(line), "{}", row.code),
                OptedOut => assert_eq!(row.on_receipt, R::OptedOut, "{}", row.code),
                HoldToNextDay => assert_eq!(row.on_receipt, R::CapReached, "{}", row.code),
                Fail | RetryAtMost { .. } => assert_eq!(row.on_receipt, R::None, "{}", row.code),
                Retry(seconds) => {
                    assert!(matches!(row.on_receipt, R::None | R::SlowDown(_)), "{}", row.code);
                    assert!((1..=3_600).contains(&seconds));
                }
                StopAll => assert!(matches!(row.on_receipt, R::None | R::StopAll), "{}", row.code),
            }
        }
    }

    #[test]
    fn s7_unknown_codes_fall_to_the_class_of_their_range() {
        for code in [504, 599, 20599] {
            assert_eq!(action(code), Retry(30), "{code}");
        }
        assert_eq!(action(39_999), Fail);
        assert_eq!(receipt_action(39_999), R::None);
        assert!(!is_known(39_999));
    }
}
