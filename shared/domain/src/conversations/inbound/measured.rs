//! Precision and recall over the labelled texts, those kept out of tuning by themselves.

use std::{collections::BTreeSet, fmt::Write as _};

use sha2::{Digest, Sha256};

use crate::conversations::inbound::{Intent, decide};

const LABELLED: &str = include_str!("../../../data/inbound_messages.txt");

/// A text with its label.
struct Labelled {
    label: Intent,
    text: String,
    /// It was kept out of tuning: its SHA-256 begins with a byte divisible by three, and its
    /// heading says nothing else.
    kept: bool,
}

/// Returns a heading's label, and whether all below it was tuned on.
fn label(heading: &str) -> (Intent, bool) {
    let label = heading.split(':').next().unwrap_or_default();
    let (label, tuned_on) = label.strip_suffix(", tuned on").map_or((label, false), |label| (label, true));
    let intent = match label {
        "opt_out" => Intent::OptOut,
        "opt_in" => Intent::OptIn,
        "help" => Intent::Help,
        "none" => Intent::Conversation,
        other => panic!("no label {other}"),
    };
    (intent, tuned_on)
}

/// `\n` and `\u{...}`.
fn unescaped(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        if let Some(code) = escape.strip_prefix("u{") {
            let (code, behind) = code.split_once('}').unwrap();
            out.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
            rest = behind;
        } else {
            assert!(escape.starts_with('n'), "an escape in {line}");
            out.push('\n');
            rest = &escape[1..];
        }
    }
    out + rest
}

fn labelled() -> Vec<Labelled> {
    let mut heading = None;
    let mut all = Vec::new();
    for line in LABELLED.lines().filter(|line| !line.is_empty() && !line.starts_with("# ") && *line != "#") {
        if let Some(label_of) = line.strip_prefix("== ") {
            heading = Some(label(label_of));
            continue;
        }
        let text = unescaped(line);
        let (label, tuned_on) = heading.unwrap();
        let kept = !tuned_on && Sha256::digest(text.as_bytes())[0].is_multiple_of(3);
        all.push(Labelled { label, text, kept });
    }
    all
}

/// Precision and recall of a verdict.
fn measure(texts: &[&Labelled], of: Intent) -> (f64, f64) {
    let count = |wanted: &dyn Fn(Intent, Intent) -> bool| {
        let hits = texts.iter().filter(|text| wanted(text.label, decide(&text.text, &[], false).intent)).count();
        f64::from(u32::try_from(hits).unwrap())
    };
    let right = count(&|label, said| label == of && said == of);
    (right / count(&|_, said| said == of), right / count(&|label, _| label == of))
}

#[test]
fn i2_the_labelled_texts_are_many_and_each_stands_once() {
    let all = labelled();
    assert!(all.len() >= 600, "{}", all.len());
    let different: BTreeSet<&str> = all.iter().map(|text| text.text.as_str()).collect();
    assert_eq!(different.len(), all.len());
    let kept = all.iter().filter(|text| text.kept).count();
    assert!(kept >= 300, "{kept} are kept out of tuning");
}

#[test]
fn i2_precision_and_recall_over_labelled_texts() {
    let all = labelled();
    let (kept, tuned): (Vec<&Labelled>, Vec<&Labelled>) = all.iter().partition(|text| text.kept);
    let mut report = String::new();
    for (name, texts) in [("tuned on", &tuned), ("kept out", &kept)] {
        for of in [Intent::OptOut, Intent::OptIn, Intent::Help] {
            let (precision, recall) = measure(texts, of);
            let of_them = texts.iter().filter(|text| text.label == of).count();
            writeln!(
                report,
                "{name}: {} texts, {of_them} of them {}: precision {precision:.4}, recall {recall:.4}",
                texts.len(),
                of.as_str()
            )
            .unwrap();
        }
    }
    for text in &tuned {
        let decision = decide(&text.text, &[], false);
        if decision.intent != text.label {
            writeln!(
                report,
                "{} is said to be {}: {:?} ({})",
                text.label.as_str(),
                decision.intent.as_str(),
                text.text,
                decision.rule
            )
            .unwrap();
        }
    }
    println!("{report}");
    for texts in [&tuned, &kept] {
        let (precision, recall) = measure(texts, Intent::OptOut);
        assert!(precision >= 0.98 && recall >= 0.98, "{report}");
        for of in [Intent::OptIn, Intent::Help] {
            let (precision, recall) = measure(texts, of);
            assert!(precision >= 0.9 && recall >= 0.8, "{report}");
        }
    }
}
