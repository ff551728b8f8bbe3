//! A short run of the chaos harness: a campaign outlives a seed's faults, and a violation that is
//! planted on purpose is caught.
//!
//! Longer runs and other seeds: `cargo xtask chaos`.

use muster_local::programs::Binary;
use tokio::process::Command;

/// Every violation that the harness can plant, and the code of the invariant that must catch it.
const PLANTS: [(&str, &str, &str); 13] = [
    ("duplicate", "Duplicate", "S2"),
    ("overcap", "Overcap", "S3"),
    ("lost", "Lost", "J1"),
    ("twice", "Twice", "J2"),
    ("second-initial", "SecondInitial", "B7"),
    ("late", "Late", "I3"),
    ("unbatched", "Unbatched", "B1"),
    ("unheard", "Unheard", "I1"),
    ("receipt", "Receipt", "S8"),
    ("unpaused", "Unpaused", "G7"),
    ("untold", "Untold", "J11"),
    ("refired", "Refired", "J9"),
    ("unimported", "Unimported", "C1"),
];

#[tokio::test]
async fn half_a_minute_of_faults_breaks_no_invariant_and_planted_violations_are_caught() {
    let program = Binary::Cli.path().expect("Muster's binaries are built before its stories are told");
    let mut chaos = Command::new(program.with_file_name("muster-rehearsal"));
    chaos.args(["chaos", "--seed", "1", "--minutes", "0.5"]).kill_on_drop(true);
    for (plant, ..) in PLANTS {
        chaos.args(["--plant", plant]);
    }
    let ended = chaos.output().await.expect("running the chaos harness");
    let said = String::from_utf8_lossy(&ended.stdout);
    let notes = String::from_utf8_lossy(&ended.stderr);

    // The lines before the first plant show the faults' effects.
    let (faults, plants) = said.split_once("planted: ").unwrap_or((&said, ""));
    assert!(faults.contains("Invariants (seed 1)"), "it came to no verdict:\n{said}\n{notes}");
    assert!(!faults.contains('\u{2717}'), "an invariant does not hold:\n{said}");
    for (_, name, code) in PLANTS {
        assert!(plants.contains(&format!("{name} is caught by {code}")), "{name}:\n{said}\n{notes}");
    }
    assert!(!ended.status.success(), "a run with a violation ends well:\n{said}");
}
