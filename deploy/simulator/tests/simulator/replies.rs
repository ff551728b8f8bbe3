//! Texts of contacts: replies to messages, texts that a test sends, and opting out at the carrier.

use muster_simulator::{Behaviour, Config, Reply, sign};
use serde_json::json;

use crate::support::{ANN, BOB, Rig, Sink, US, answer, eventually, millis};

fn replying(body: &str, only: Option<&str>) -> Behaviour {
    let mut behaviour = Behaviour {
        replies: vec![Reply {
            body: body.to_owned(),
            chance: 1.0,
            delay_ms: millis(0, 0),
            only_to_body_containing: only.map(str::to_owned),
        }],
        ..Behaviour::default()
    };
    behaviour.receipts.delay_ms = millis(0, 10);
    behaviour
}

async fn rig(sink: &Sink, behaviour: Behaviour) -> Rig {
    Rig::start(Config { inbound_url: Some(format!("{}/inbound", sink.url)), behaviour, ..Config::default() }).await
}

#[tokio::test]
async fn a_contact_replies_once_to_what_concerns_it() {
    let sink = Sink::start().await;
    let rig = rig(&sink, replying("Yes", Some("vote"))).await;
    rig.send(BOB, "Hello").await;
    rig.send(ANN, "Will you vote?").await;
    rig.send(ANN, "Did you vote?").await;
    let hooks = sink.wait_for(1).await;
    let hook = &hooks[0];
    assert_eq!(hook.path_and_query, "/inbound");
    for (name, value) in [("From", ANN), ("To", US), ("Body", "Yes"), ("NumMedia", "0"), ("NumSegments", "1")] {
        assert_eq!(hook.field(name), value, "{name}");
    }
    let form: Vec<(&str, &str)> = hook.form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let url = format!("{}/inbound", sink.url);
    assert_eq!(hook.signature, sign("simulator", &url, &form));

    eventually("the reply is settled", || (rig.sim.stats().replies.sent == 1).then_some(())).await;
    assert_eq!(rig.sim.stats().replies.pending, 0);
    let inbound = rig.sim.inbound();
    assert_eq!(inbound.len(), 1);
    assert_eq!(inbound[0].sid, hook.field("MessageSid"));
    assert_eq!((inbound[0].attempts, inbound[0].first_delivered_at.is_some()), (1, true));
}

#[tokio::test]
async fn a_text_can_be_sent_now_and_waits_for_the_webhook() {
    let sink = Sink::start().await;
    sink.fail_next(1);
    let rig = rig(&sink, Behaviour::default()).await;
    let url = format!("{}/_sim/inbound", rig.sim.url);
    let text = json!({ "from": ANN, "to": US, "body": "Hello?" });
    let response = rig.http.post(url).json(&text).send().await.unwrap();
    let (status, sent) = answer(response).await;
    assert_eq!((status, &sent["attempts"]), (200, &2.into()));
    let hooks = sink.hooks();
    assert_eq!(hooks.len(), 1);
    assert_eq!(hooks[0].field("MessageSid"), sent["sid"]);
    assert_eq!(rig.sim("inbound").await.1[0], sent);
}

#[tokio::test]
async fn without_a_webhook_a_text_cannot_be_sent() {
    let rig = Rig::with(replying("Yes", None)).await;
    let url = format!("{}/_sim/inbound", rig.sim.url);
    let text = json!({ "from": ANN, "to": US, "body": "Hello?" });
    let response = rig.http.post(url).json(&text).send().await.unwrap();
    assert_eq!(response.status(), 409);
    rig.send(ANN, "Hi").await;
    assert_eq!(rig.sim.stats().replies.pending, 0);
}

#[tokio::test]
async fn the_carrier_refuses_an_opted_out_pair_only_when_told_to() {
    let sink = Sink::start().await;
    let rig = rig(&sink, replying("STOP", None)).await;
    rig.send(ANN, "Hi").await;
    sink.wait_for(1).await;
    assert_eq!(rig.send(ANN, "Hi again").await.0, 201);
    rig.sim.set_behaviour(Behaviour { opt_out_at_carrier: true, ..Behaviour::default() }).unwrap();
    let (status, error) = rig.send(ANN, "Hi again").await;
    assert_eq!((status, error["code"].as_u64()), (400, Some(21610)));
    assert_eq!(rig.send(BOB, "Hi").await.0, 201);
}
