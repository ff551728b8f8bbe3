//! Status callbacks: signed, repeated, out of order, and tried again.

use muster_simulator::{Behaviour, Config, Receipts, sign};

use crate::support::{ANN, Hook, Rig, Sink, US, eventually, millis};

fn prompt(receipts: &Receipts) -> Behaviour {
    Behaviour { receipts: Receipts { delay_ms: millis(0, 20), ..receipts.clone() }, ..Behaviour::default() }
}

fn statuses(hooks: &[Hook]) -> Vec<&str> {
    hooks.iter().map(|hook| hook.field("MessageStatus")).collect()
}

#[tokio::test]
async fn a_receipt_is_signed_and_keeps_the_callbacks_query() {
    let sink = Sink::start().await;
    let rig = Rig::with(prompt(&Receipts { sent: 0.0, ..Receipts::default() })).await;
    let callback = format!("{}/status?message=42&x=%20y", sink.url);
    let sid = rig.send_tracked(ANN, "Hi", &callback).await;
    let hooks = sink.wait_for(1).await;
    let hook = &hooks[0];
    assert_eq!(hook.path_and_query, "/status?message=42&x=%20y");
    for (name, value) in [
        ("MessageSid", sid.as_str()),
        ("SmsSid", &sid),
        ("MessageStatus", "delivered"),
        ("SmsStatus", "delivered"),
        ("To", ANN),
        ("From", US),
        ("AccountSid", &Config::default().account_sid),
        ("ApiVersion", "2010-04-01"),
        ("ErrorCode", ""),
    ] {
        assert_eq!(hook.field(name), value, "{name}");
    }
    let form: Vec<(&str, &str)> = hook.form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(hook.signature, sign("simulator", &callback, &form));
    eventually("the receipt is counted", || (rig.sim.stats().receipts.sent == 1).then_some(())).await;
    assert_eq!(rig.sim.stats().receipts.pending, 0);
}

#[tokio::test]
async fn receipts_can_come_twice_and_in_the_wrong_order() {
    let sink = Sink::start().await;
    let rig = Rig::with(prompt(&Receipts { sent: 1.0, repeat: 1.0, out_of_order: 1.0, ..Receipts::default() })).await;
    rig.send_tracked(ANN, "Hi", &sink.url).await;
    let hooks = sink.wait_for(4).await;
    assert_eq!(statuses(&hooks), ["delivered", "delivered", "sent", "sent"]);
}

#[tokio::test]
async fn an_undelivered_message_says_why() {
    let sink = Sink::start().await;
    let behaviour = Behaviour {
        undelivered: 1.0,
        undelivered_codes: vec![30006],
        ..prompt(&Receipts { sent: 1.0, ..Receipts::default() })
    };
    let rig = Rig::with(behaviour).await;
    rig.send_tracked(ANN, "Hi", &sink.url).await;
    let hooks = sink.wait_for(2).await;
    assert_eq!(statuses(&hooks), ["sent", "undelivered"]);
    assert_eq!(hooks[0].field("ErrorCode"), "");
    assert_eq!(hooks[1].field("ErrorCode"), "30006");
}

#[tokio::test]
async fn a_receipt_is_tried_again_until_it_is_taken() {
    let sink = Sink::start().await;
    sink.fail_next(2);
    let rig = Rig::with(prompt(&Receipts { sent: 0.0, ..Receipts::default() })).await;
    rig.send_tracked(ANN, "Hi", &sink.url).await;
    assert_eq!(statuses(&sink.wait_for(1).await), ["delivered"]);
}

#[tokio::test]
async fn a_receipt_that_nobody_takes_is_given_up() {
    let rig = Rig::start(Config {
        webhook_give_up_after_ms: 50,
        behaviour: prompt(&Receipts { sent: 0.0, ..Receipts::default() }),
        ..Config::default()
    })
    .await;
    // Port 9 of the loopback interface: nobody listens there.
    rig.send_tracked(ANN, "Hi", "http://127.0.0.1:9/status").await;
    eventually("it is given up", || (rig.sim.stats().receipts.given_up == 1).then_some(())).await;
}

#[tokio::test]
async fn creates_are_throttled_while_too_many_receipts_wait() {
    let mut behaviour = Behaviour::default();
    behaviour.receipts.delay_ms = millis(60_000, 60_000);
    behaviour.receipts.sent = 0.0;
    let rig = Rig::start(Config { max_pending_webhooks: 1, behaviour, ..Config::default() }).await;
    rig.send_tracked(ANN, "Hi", "http://127.0.0.1:9/status").await;
    assert_eq!(rig.send(ANN, "Hi again").await.0, 429);
}
