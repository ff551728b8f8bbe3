//! A campaign goes on while servers go one after the other: each node of a broker of three, and the
//! primary of two database servers. Every invariant holds, and the time without service is told.
//!
//! Longer runs and other faults: `cargo xtask chaos --ha`.

use muster_local::programs::Binary;
use tokio::process::Command;

/// Plays a drill of the chaos harness; returns its words when every invariant holds.
async fn drill(name: &str) -> String {
    let program = Binary::Cli.path().expect("Muster's binaries are built before its stories are told");
    let mut chaos = Command::new(program.with_file_name("muster-rehearsal"));
    let ended = chaos.args(["chaos", "--drill", name]).kill_on_drop(true).output().await;
    let ended = ended.expect("running the chaos harness");
    let (said, notes) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(said.contains("Invariants (seed 1)"), "it came to no verdict:\n{said}\n{notes}");
    assert!(!said.contains('\u{2717}') && ended.status.success(), "an invariant does not hold:\n{said}\n{notes}");
    said.into_owned()
}

/// Every fault has happened, and its time without service is told.
fn tells(said: &str, faults: &[&str]) {
    let (_, told) = said.split_once("Time without service").unwrap_or_else(|| panic!("no times:\n{said}"));
    for fault in faults {
        assert!(told.contains(fault), "{fault}:\n{said}");
    }
}

#[tokio::test]
async fn a_campaign_goes_on_while_nodes_of_the_broker_go() {
    let said = drill("broker").await;
    let killed = ["kill -9 node 1 of RabbitMQ", "kill -9 node 2 of RabbitMQ", "kill -9 node 3 of RabbitMQ"];
    tells(&said, &killed);
    tells(&said, &["SIGSTOP the leader of RabbitMQ", "restart node after node of RabbitMQ"]);
    tells(&said, &["cut off from the other nodes: the leader of RabbitMQ"]);
}

#[tokio::test]
async fn a_campaign_goes_on_while_the_primary_goes() {
    let said = drill("database").await;
    let killed = "kill -9 the primary, and promote the standby, of Postgres";
    tells(&said, &[killed, "SIGSTOP the primary, and promote the standby, of Postgres"]);
}
