//! The report: the API's and the carrier's figures, and whether the checks hold.

use crate::{
    campaign::{csv::Counters, figures::Figures, voice::say},
    invariants::{
        Invariant,
        evidence::{Demo, Evidence, Rehearsed},
        tell,
    },
};

/// Prints everything; returns whether all invariants hold.
pub(crate) fn print(evidence: &Evidence, found: &[Invariant]) -> bool {
    imports(evidence);
    if let Rehearsed::Demo(demo) = &evidence.of {
        goals(demo);
        carrier(evidence, demo);
    }
    say("\nInvariants");
    for one in found {
        tell(one);
    }
    found.iter().all(|one| one.holds)
}

fn imports(evidence: &Evidence) {
    say("\nImports (rule C7)");
    let row = |name: &str, counters: &Counters, kind: &str| {
        let Counters { rows_read, created, updated, unchanged, merged, rejected, .. } = counters;
        say(&format!(
            "  {name:<20} {rows_read:>7} {created:>8} {updated:>8} {unchanged:>10} {merged:>7} {rejected:>9}   {kind}"
        ));
    };
    say("  file                    rows  created  updated  unchanged  merged  rejected");
    let mut total = Counters::default();
    for import in &evidence.seen.imports {
        row(&import.file, &import.counted, import.kind);
        if import.counted != import.expected {
            row("  it must be", &import.expected, "");
            say(&format!(
                "  rejected {:?}, must be {:?}",
                import.counted.reject_reasons, import.expected.reject_reasons
            ));
        }
        add(&mut total, &import.counted);
    }
    row("all", &total, "");
    let reasons: Vec<String> = total.reject_reasons.iter().map(|(reason, rows)| format!("{reason} {rows}")).collect();
    say(&format!("  rejected: {}", reasons.join(", ")));
}

fn add(total: &mut Counters, more: &Counters) {
    total.rows_read += more.rows_read;
    total.created += more.created;
    total.updated += more.updated;
    total.unchanged += more.unchanged;
    total.merged += more.merged;
    total.rejected += more.rejected;
    for (reason, rows) in &more.reject_reasons {
        *total.reject_reasons.entry(reason.clone()).or_default() += rows;
    }
}

fn goals(demo: &Demo) {
    say("\nCampaign (rule G12)");
    say(
        "  group        targeted  texted  skipped  delivered  undelivered  failed  held  replied  yes/no/maybe  opted out  reminded  segments",
    );
    for (name, figures) in &demo.goals {
        goal(name, figures);
    }
    let all = &demo.campaign;
    goal("all", all);
    say(&format!("  batches {:?}", all.batches));
    say(&format!("  messages {:?}", all.messages));
    say(&format!("  held and cancelled {:?}, carrier's codes {:?}", all.reasons, all.errors));
}

fn goal(name: &str, figures: &Figures) {
    let answer = |word: &str| figures.answers.get(word).copied().unwrap_or_default();
    let answers = format!("{}/{}/{}", answer("yes"), answer("no"), answer("maybe"));
    say(&format!(
        "  {name:<12} {:>8} {:>7} {:>8} {:>10} {:>12} {:>7} {:>5} {:>8} {answers:>13} {:>10} {:>9} {:>9}",
        figures.targeted,
        figures.messaged,
        figures.skipped,
        figures.in_state("delivered"),
        figures.in_state("undelivered"),
        figures.in_state("failed"),
        figures.in_state("held"),
        figures.replied,
        figures.opted_out,
        figures.reminded,
        figures.segments,
    ));
}

fn carrier(evidence: &Evidence, demo: &Demo) {
    let stats = &evidence.carrier;
    say("\nCarrier");
    say(&format!(
        "  accepted {} messages, {} segments of a cap of {}; refused {:?}; no answer: {} accepted, {} not",
        stats.accepted,
        stats.segments,
        evidence.seen.cap,
        stats.refused,
        stats.dropped.after_accept,
        stats.dropped.before_accept
    ));
    say(&format!(
        "  receipts {} (given up {}), replies {} (given up {})",
        stats.receipts.sent, stats.receipts.given_up, stats.replies.sent, stats.replies.given_up
    ));
    let leases = &demo.leases;
    say(&format!("  jobs whose lease ran out {}, published again {}", leases.expired, leases.republished));
}
