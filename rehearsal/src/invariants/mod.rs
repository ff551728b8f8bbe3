//! The invariants: one list, for the demo and for chaos, of statements that hold in spite of all
//! faults.
//!
//! An invariant is a function of the evidence alone. Most look at evidence that every rehearsal
//! has; some at events that only the demo plays (a redaction, a batch left behind, the API's
//! figures) or only chaos (a ledger of ticks, imports beside the faults), and are skipped in the
//! other. Each that chaos checks has a violation in `chaos::plant` where one can be planted.

mod engine;
pub(crate) mod evidence;
mod figures;
pub(crate) mod ledger;
mod people;
pub(crate) mod rest;
pub(crate) mod tables;
mod texts;

use crate::campaign::voice::say;
use evidence::{Chaos, Demo, Evidence, Rehearsed};

/// An invariant and its outcome.
#[derive(Debug, Clone)]
pub(crate) struct Invariant {
    /// Its rule or promise, by which a planted violation says which invariant must catch it.
    pub(crate) code: &'static str,
    pub(crate) what: &'static str,
    pub(crate) holds: bool,
    pub(crate) figures: String,
}

/// Whether something holds, and the figures that show it.
#[derive(Debug)]
struct Finding {
    holds: bool,
    figures: String,
}

fn found(holds: bool, figures: String) -> Finding {
    Finding { holds, figures }
}

/// A check, by the rehearsals that have its evidence.
enum Check {
    Every(fn(&Evidence) -> Finding),
    Demo(fn(&Evidence, &Demo) -> Finding),
    Chaos(fn(&Evidence, &Chaos) -> Finding),
}

use Check::{Chaos as InChaos, Demo as InDemo, Every};

/// All of them: the rule, the invariant in words, the check.
const ALL: [(&str, &str, Check); 28] = [
    ("rest", "the system comes to rest", Every(engine::at_rest)),
    ("fall", "no daemon ends by itself", Every(engine::nobody_fell)),
    ("J1", "jobs are conserved", Every(engine::jobs_conserved)),
    ("J2", "effects happen once", Every(engine::completed_once)),
    ("J9", "timers have fired or are in the future", Every(engine::timers_fired)),
    ("J11", "every planned tick is accounted for", InChaos(engine::ticks_conserved)),
    ("J9", "each tick that fired has made one job", InChaos(engine::ticks_fire_once)),
    ("C7", "every row is counted once, as it was written", Every(people::rows_counted)),
    ("C1", "everybody imported beside the faults is there once", InChaos(people::arrived_once)),
    ("B1", "batches are conserved, everybody is accounted for", Every(people::batches_conserved)),
    ("B2", "a lease that ends gives the batch to another agent", InDemo(people::abandoned_batch)),
    ("B7", "nobody gets a second initial, reminder or confirmation", Every(texts::one_initial)),
    ("S2", "no message twice, and both records agree", Every(texts::no_message_twice)),
    ("S2", "a killed worker's work is finished by others", InDemo(texts::work_finished)),
    ("S3", "caps are never exceeded, and the ledger is the carrier's bill", Every(texts::caps_kept)),
    ("S6", "what is over the cap is held", InDemo(texts::over_the_cap_is_held)),
    ("S8", "each receipt is applied", Every(texts::receipts_applied)),
    ("I1", "each text of a contact is recorded once", Every(texts::inbound_once)),
    ("I3", "nobody is texted after opting out", Every(texts::nobody_after_opting_out)),
    ("G7", "a paused goal stands still", Every(texts::pause_kept)),
    ("G7", "a resumed goal goes on", InDemo(texts::resumed)),
    ("G12", "the campaign's figures account for everybody", InDemo(figures::everybody)),
    ("G12", "opt-outs are counted", InDemo(figures::opt_outs_counted)),
    ("G12", "the figures have what the carrier has", InDemo(figures::carrier_agrees)),
    ("S3", "the caps that the API shows are the carrier's bill", InDemo(figures::caps_agree)),
    ("W6", "contacts who say yes are reminded, and no others", InDemo(people::reminders)),
    ("R3", "a redacted person is gone", InDemo(people::redacted)),
    ("R5", "no log names anybody", Every(people::nobody_in_logs)),
];

/// Checks all that this rehearsal has the evidence for.
pub(crate) fn all(evidence: &Evidence) -> Vec<Invariant> {
    let outcome = |(code, what, check): &(&'static str, &'static str, Check)| {
        let Finding { holds, figures } = match (check, &evidence.of) {
            (Every(check), _) => check(evidence),
            (InDemo(check), Rehearsed::Demo(demo)) => check(evidence, demo),
            (InChaos(check), Rehearsed::Chaos(chaos)) => check(evidence, chaos),
            (InDemo(_), Rehearsed::Chaos(_)) | (InChaos(_), Rehearsed::Demo(_)) => return None,
        };
        Some(Invariant { code, what, holds, figures })
    };
    ALL.iter().filter_map(outcome).collect()
}

/// Prints an invariant's line.
pub(crate) fn tell(found: &Invariant) {
    let Invariant { code, what, holds, figures } = found;
    say(&format!("  {} {code:<4} {what}: {figures}", if *holds { '\u{2713}' } else { '\u{2717}' }));
}

/// Returns the first few, to look them up by.
fn some(ids: &[&str]) -> String {
    ids.iter().take(3).copied().collect::<Vec<_>>().join(" ")
}
