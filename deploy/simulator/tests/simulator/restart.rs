//! A simulator with a log file forgets nothing: neither its accepted messages nor the posts that
//! are still due.

use muster_simulator::{Behaviour, Config, Reply, Stats};

use crate::support::{ANN, BOB, Rig, Scratch, Sink, eventually, millis};

fn config(scratch: &Scratch, sink: &Sink, behaviour: Behaviour) -> Config {
    Config {
        log_file: Some(scratch.log_file()),
        inbound_url: Some(format!("{}/inbound", sink.url)),
        behaviour,
        ..Config::default()
    }
}

/// Receipts and a reply that are not due for as long as a test may run.
fn slow() -> Behaviour {
    let mut behaviour = Behaviour { drop_after_accept: 0.5, ..Behaviour::default() };
    behaviour.receipts.delay_ms = millis(3_600_000, 3_600_000);
    behaviour
}

#[tokio::test]
async fn the_log_survives_a_restart() {
    let (scratch, sink) = (Scratch::new("survives"), Sink::start().await);
    let config = config(&scratch, &sink, slow());
    let rig = Rig::start(config.clone()).await;
    for n in 0..20 {
        let to = format!("+1212555{n:04}");
        let form = [("To", to.as_str()), ("From", BOB), ("Body", "Hi")];
        // Some are dropped, which must make no difference.
        rig.try_send(&form).await.ok();
    }
    rig.send("no number", "Hi").await;
    let (messages, stats) = (rig.sim.accepted(), rig.sim.stats());
    assert_eq!((messages.len(), stats.refused[&21211]), (20, 1));
    assert!(stats.dropped.after_accept > 0);
    // Killed, as far as the log can tell: nothing is written at a stop.
    drop(rig);

    let rig = Rig::start(config).await;
    assert_eq!(rig.sim.accepted(), messages);
    assert_eq!(rig.sim.stats(), stats);
    let sid = &messages[7].sid;
    let url = rig.messages_url().replace(".json", &format!("/{sid}.json"));
    assert_eq!(rig.ask(&url).await.0, 200);
    rig.try_send(&[("To", ANN), ("From", BOB), ("Body", "Hi")]).await.ok();
    assert_eq!(rig.sim.accepted()[20].seq, 21);
    rig.sim.shutdown().await;
}

#[tokio::test]
async fn receipts_and_replies_under_way_are_taken_up_again() {
    let (scratch, sink) = (Scratch::new("resumes"), Sink::start().await);
    let mut behaviour = Behaviour {
        replies: vec![Reply {
            body: "Yes".to_owned(),
            chance: 1.0,
            delay_ms: millis(0, 0),
            only_to_body_containing: None,
        }],
        ..Behaviour::default()
    };
    behaviour.receipts.delay_ms = millis(0, 0);
    behaviour.receipts.sent = 1.0;
    let config = config(&scratch, &sink, behaviour);
    sink.fail_next(usize::MAX);
    let rig = Rig::start(config.clone()).await;
    let sid = rig.send_tracked(ANN, "Hi", &format!("{}/status", sink.url)).await;
    let text =
        eventually("the reply is being tried", || rig.sim.inbound().into_iter().find(|text| text.attempts > 0)).await;
    rig.sim.shutdown().await;

    sink.fail_next(0);
    let rig = Rig::start(config).await;
    let hooks = sink.wait_for(3).await;
    let of = |path| hooks.iter().filter(move |hook| hook.path_and_query == path);
    let statuses: Vec<&str> = of("/status").map(|hook| hook.field("MessageStatus")).collect();
    assert_eq!(statuses, ["sent", "delivered"]);
    assert!(of("/status").all(|hook| hook.field("MessageSid") == sid));
    let sids: Vec<&str> = of("/inbound").map(|hook| hook.field("MessageSid")).collect();
    assert_eq!(sids, [text.sid]);
    let settled = |stats: &Stats| stats.receipts.sent == 2 && stats.replies.sent == 1;
    eventually("all is settled", || settled(&rig.sim.stats()).then_some(())).await;
    rig.sim.shutdown().await;
}

#[tokio::test]
async fn what_was_posted_before_a_restart_is_not_posted_again() {
    let (scratch, sink) = (Scratch::new("no-repeat"), Sink::start().await);
    let mut behaviour = Behaviour::default();
    behaviour.receipts.delay_ms = millis(0, 0);
    behaviour.receipts.sent = 0.0;
    let config = config(&scratch, &sink, behaviour);
    let rig = Rig::start(config.clone()).await;
    rig.send_tracked(ANN, "first", &sink.url).await;
    eventually("the receipt is settled", || (rig.sim.stats().receipts.sent == 1).then_some(())).await;
    rig.sim.shutdown().await;
    let rig = Rig::start(config).await;
    rig.send_tracked(ANN, "second", &sink.url).await;
    eventually("the second receipt is settled", || (rig.sim.stats().receipts.sent == 2).then_some(())).await;
    assert_eq!(sink.hooks().len(), 2);
    rig.sim.shutdown().await;
}
