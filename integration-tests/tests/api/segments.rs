//! The cost of a text, asked of the api and of the command line (rules M4 and M5).

use muster_integration_tests::World;
use muster_local::programs::Binary;
use serde_json::{Value, json};

/// A text, and its counts.
struct Text {
    text: String,
    /// Its look-alikes are replaced.
    smart: bool,
    counted: String,
    encoding: &'static str,
    units: u32,
    /// Units of each part.
    parts: Vec<u32>,
}

fn texts() -> [Text; 4] {
    let brackets = "]".repeat(153);
    let curly = "Don\u{2019}t wait \u{2014} vote";
    let text = |text: &str, smart, counted: &str, encoding, units, parts: &[u32]| Text {
        text: text.to_owned(),
        smart,
        counted: counted.to_owned(),
        encoding,
        units,
        parts: parts.to_vec(),
    };
    let smiles = format!("{curly} \u{1f600}");
    [
        // A pair never straddles two parts: each takes 76 of them.
        text(&brackets, false, &brackets, "GSM-7", 306, &[152, 152, 2]),
        text(curly, false, curly, "UCS-2", 17, &[17]),
        text(curly, true, "Don't wait - vote", "GSM-7", 17, &[17]),
        // An emoji keeps its text's typography.
        text(&smiles, true, &smiles, "UCS-2", 20, &[20]),
    ]
}

#[tokio::test]
async fn m4_the_api_counts_a_text_as_carriers_bill_it() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            for Text { text, smart, counted, encoding, units, parts } in texts() {
                let told =
                    ours.admin.post(&ours.at("texts/segments"), json!({ "text": text, "smart": smart })).await.ok();
                let wanted = json!({
                    "text": counted, "encoding": encoding, "units": units, "segments": parts.len(), "parts": parts,
                });
                assert_eq!(told, wanted);
            }
        })
        .await;
}

#[tokio::test]
async fn m4_the_command_line_counts_a_text_as_carriers_bill_it() {
    for Text { text, smart, counted: _, encoding, units, parts } in texts() {
        let mut command = tokio::process::Command::new(Binary::Cli.path().unwrap());
        command.env_clear().args(["segments", "--json", &text]).args(smart.then_some("--smart"));
        let output = command.output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let wanted = json!({ "encoding": encoding, "units": units, "segments": parts.len(), "parts": parts });
        assert_eq!(told, wanted);
    }
}
