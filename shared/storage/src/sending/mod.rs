//! Messages, caps, rates, the hand-over to the carrier and its receipts (rules S1 to S11).

pub mod caps;
mod hand_over;
mod held;
pub mod holds;
pub mod messages;
mod on_their_way;
mod outcomes;
pub mod own_phones;
pub mod rates;
pub mod receipts;
pub mod registered;
pub mod replay;
mod unknown;
mod unsettled;
pub mod waiting;

pub use hand_over::*;
pub use held::{next_hold_ends, recheck_capped, recheck_goal, release_from_lanes, release_held};
pub(crate) use held::{recheck_behind_hold, recheck_held};
pub use on_their_way::{Concerned, any_on_their_way};
pub use outcomes::{
    Outcomes, Settled, lock_ledgers, mark_not_textable, mark_opted_out, refund_caps, settle, settle_caps, settle_ledger,
};
pub use unknown::{ToSettle, UnknownText, lock_unknown, unknown_texts};
pub use unsettled::{
    MissingTimers, Unsettled, jobs_unsettled, lock_known_sids, send_again, set_missing_timers, unsettled,
};
