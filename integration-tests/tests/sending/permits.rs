//! The last word before a text leaves: asked when the connection to the carrier stands, and nothing
//! leaves without it (rules S9 and S7a).

use std::time::Duration;

use futures::FutureExt;
use muster_carrier::{
    Gateway, OutboundText, Outcome,
    twilio::{Credentials, Twilio},
};
use muster_domain::{ids::MessageId, people::e164::E164};
use muster_integration_tests::{CARRIER_ACCOUNT, CARRIER_SECRET, eventually, seconds};
use muster_simulator::{Behaviour, Config, Simulator};

use crate::plant::silent;

async fn carrier() -> (Simulator, Twilio) {
    let behaviour = silent(Behaviour::default());
    let account_sid = CARRIER_ACCOUNT.to_owned();
    let config = Config { account_sid, auth_token: CARRIER_SECRET.to_owned(), behaviour, ..Config::default() };
    let carrier = muster_simulator::start(config).await.unwrap();
    let client = client(&carrier.url);
    (carrier, client)
}

fn client(url: &str) -> Twilio {
    let credentials =
        Credentials { account_sid: CARRIER_ACCOUNT.to_owned(), auth_token: CARRIER_SECRET.to_owned().into() };
    Twilio::new(url, "http://127.0.0.1:9", credentials, seconds(5)).unwrap()
}

fn text(body: &str, valid_for: Duration) -> OutboundText {
    let number = |number| E164::parse(number).unwrap();
    let (to, from) = (number("+16462000001"), number("+12125550000"));
    OutboundText { message_id: MessageId::new(), to, from, body: body.to_owned(), valid_for, traceparent: None }
}

#[tokio::test]
async fn s9_nothing_of_a_text_leaves_before_it_is_permitted_nor_when_it_is_not() {
    let (carrier, client) = carrier().await;
    let no = client.send(&text("no", seconds(60)), futures::future::ready(false).boxed()).await;
    assert_eq!(no, Outcome::Withheld);

    let (permit, permitted) = tokio::sync::oneshot::channel();
    let (asked, is_asked) = tokio::sync::oneshot::channel();
    let later = async move {
        asked.send(()).unwrap();
        permitted.await.unwrap()
    };
    let waits = text("Grüße, später & mehr = 100 %", seconds(60));
    let judge = async {
        // The connection stands and the head of the request is written.
        is_asked.await.unwrap();
        assert!(carrier.accepted().is_empty());
        permit.send(true).unwrap();
    };
    let (outcome, ()) = tokio::join!(client.send(&waits, later.boxed()), judge);
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    let accepted = carrier.accepted();
    assert_eq!(accepted.len(), 1, "what was refused has not come");
    assert_eq!((accepted[0].body.as_str(), accepted[0].validity_seconds), (waits.body.as_str(), Some(60)));
    carrier.shutdown().await;
}

#[tokio::test]
async fn s2_a_text_that_was_not_let_out_is_certainly_not_sent() {
    // A carrier that takes connections and never answers: the permit does not come before the
    // request is given up.
    let silence = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&format!("http://{}", silence.local_addr().unwrap()));
    let outcome = client.send(&text("never", seconds(60)), futures::future::pending().boxed()).await;
    assert_eq!(outcome, Outcome::NotSent);
    drop(silence);
    let nobody_asks = async { panic!("no connection came about") };
    let outcome = client.send(&text("never", seconds(60)), nobody_asks.boxed()).await;
    assert_eq!(outcome, Outcome::NotSent);
}

#[tokio::test]
async fn s7a_the_carrier_is_told_whole_seconds_within_its_limits() {
    let (carrier, client) = carrier().await;
    let said = [(Duration::from_millis(5_999), 5), (seconds(36_000), 36_000), (seconds(86_400), 36_000)];
    for (valid_for, _) in said {
        let text = text(&format!("for {valid_for:?}"), valid_for);
        let outcome = client.send(&text, futures::future::ready(true).boxed()).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    }
    let told = async || {
        let told: Vec<_> = carrier.accepted().iter().filter_map(|message| message.validity_seconds).collect();
        if told == said.map(|(_, seconds)| seconds) { Ok(()) } else { Err(format!("{told:?}")) }
    };
    eventually(seconds(5), told).await;
    let over = client.send(&text("over", Duration::from_millis(999)), futures::future::ready(true).boxed()).await;
    assert_eq!((over, carrier.accepted().len()), (Outcome::NotSent, 3));
    carrier.shutdown().await;
}
