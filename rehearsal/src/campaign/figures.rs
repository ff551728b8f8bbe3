//! A goal's or campaign's live figures, as the API gives them (rule G12).

use std::collections::BTreeMap;

use serde::Deserialize;

/// The figures.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Figures {
    pub(crate) targeted: i64,
    pub(crate) batched: i64,
    pub(crate) batches: BTreeMap<String, i64>,
    pub(crate) messaged: i64,
    pub(crate) skipped: i64,
    pub(crate) replied: i64,
    pub(crate) answers: BTreeMap<String, i64>,
    pub(crate) opted_out: i64,
    pub(crate) reminded: i64,
    pub(crate) messages: BTreeMap<String, i64>,
    pub(crate) reasons: BTreeMap<String, i64>,
    pub(crate) errors: BTreeMap<String, i64>,
    pub(crate) segments: i64,
}

/// The states of a message that the carrier has.
const AT_CARRIER: [&str; 3] = ["sent", "delivered", "undelivered"];

/// The states of a message that was not handed over.
const KEPT_BACK: [&str; 3] = ["queued", "held", "cancelled"];

impl Figures {
    /// Messages of any kind in this state.
    pub(crate) fn in_state(&self, state: &str) -> i64 {
        sum(&self.messages, |_, of| of == state)
    }

    /// Messages of this kind in any state.
    pub(crate) fn of_kind(&self, kind: &str) -> i64 {
        sum(&self.messages, |of, _| of == kind)
    }

    /// Messages of this kind that the carrier has.
    pub(crate) fn at_carrier(&self, kind: &str) -> i64 {
        sum(&self.messages, |of, state| of == kind && AT_CARRIER.contains(&state))
    }

    /// Messages of this kind that were not handed to the carrier.
    pub(crate) fn kept_back(&self, kind: &str) -> i64 {
        sum(&self.messages, |of, state| of == kind && KEPT_BACK.contains(&state))
    }

    /// Batches of this kind, those that are finished or the others.
    pub(crate) fn batches(&self, kind: &str, finished: bool) -> i64 {
        sum(&self.batches, |of, state| of == kind && (state == "finished") == finished)
    }

    pub(crate) fn reason(&self, reason: &str) -> i64 {
        self.reasons.get(reason).copied().unwrap_or_default()
    }
}

/// Sums the counts with a wanted key, `kind.state`.
fn sum(counts: &BTreeMap<String, i64>, wanted: impl Fn(&str, &str) -> bool) -> i64 {
    let of = counts.iter().filter(|(key, _)| key.split_once('.').is_some_and(|(kind, state)| wanted(kind, state)));
    of.map(|(_, count)| count).sum()
}

/// The brand's caps and the ledger's last days.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Caps {
    pub(crate) days: Vec<Day>,
}

/// A carrier day of the ledger.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Day {
    pub(crate) carrier: String,
    pub(crate) day: String,
    pub(crate) daily_limit: i64,
    pub(crate) reserved: i64,
    pub(crate) settled: i64,
}

impl Caps {
    pub(crate) fn reserved(&self) -> i64 {
        self.days.iter().map(|day| day.reserved).sum()
    }

    pub(crate) fn settled(&self) -> i64 {
        self.days.iter().map(|day| day.settled).sum()
    }

    pub(crate) fn limit(&self) -> i64 {
        self.days.iter().map(|day| day.daily_limit).sum()
    }
}
