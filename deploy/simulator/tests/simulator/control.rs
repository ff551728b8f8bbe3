//! The operator's side: the log, the counters and the behaviour.

use muster_simulator::{AcceptedMessage, Behaviour};
use serde_json::{Value, json};

use crate::support::{ANN, BOB, Rig, answer};

#[tokio::test]
async fn the_log_is_read_in_windows_or_as_a_whole() {
    let rig = Rig::with(Behaviour::default()).await;
    for n in 0..3 {
        rig.send(ANN, &n.to_string()).await;
    }
    let (_, first) = rig.sim("messages?limit=2").await;
    assert_eq!(first["messages"].as_array().unwrap().len(), 2);
    let (_, second) = rig.sim(&format!("messages?after={}", first["next"])).await;
    assert_eq!(second["messages"][0]["body"], "2");
    assert_eq!(second["messages"][0]["encoding"], "GSM-7");
    let (_, end) = rig.sim(&format!("messages?after={}", second["next"])).await;
    assert_eq!(end, json!({ "messages": [], "next": 3 }));

    let url = format!("{}/_sim/messages.ndjson", rig.sim.url);
    let lines = rig.http.get(url).send().await.unwrap().text().await.unwrap();
    let bodies: Vec<String> =
        lines.lines().map(|line| serde_json::from_str::<AcceptedMessage>(line).unwrap().body).collect();
    assert_eq!(bodies, ["0", "1", "2"]);
}

#[tokio::test]
async fn times_are_written_with_milliseconds_in_utc() {
    let rig = Rig::with(Behaviour::default()).await;
    rig.send(ANN, "Hi").await;
    let (_, page) = rig.sim("messages").await;
    let time = page["messages"][0]["accepted_at"].as_str().unwrap();
    assert_eq!((time.len(), &time[19..20], &time[23..]), (24, ".", "Z"), "{time}");
}

#[tokio::test]
async fn a_duplicate_is_the_same_text_to_the_same_number() {
    let rig = Rig::with(Behaviour::default()).await;
    for (to, body) in [(ANN, "Hi"), (BOB, "Hi"), (ANN, "Hey"), (ANN, "Hi")] {
        rig.send(to, body).await;
    }
    let (_, stats) = rig.sim("stats").await;
    assert_eq!(
        stats,
        json!({
            "accepted": 4,
            "segments": 4,
            "duplicates": 1,
            "refused": {},
            "throttled": 0,
            "dropped": { "before_accept": 0, "after_accept": 0 },
            "receipts": { "sent": 0, "pending": 0, "given_up": 0 },
            "replies": { "sent": 0, "pending": 0, "given_up": 0 },
        })
    );
}

#[tokio::test]
async fn the_behaviour_is_replaced_as_a_whole_or_not_at_all() {
    let rig = Rig::with(Behaviour::default()).await;
    let put = async |behaviour: Value| {
        let url = format!("{}/_sim/behaviour", rig.sim.url);
        let response = rig.http.put(url).json(&behaviour).send().await.unwrap();
        answer(response).await
    };
    let (status, now) = put(json!({ "temporary_error": 1.0 })).await;
    assert_eq!((status, now["temporary_error"].as_f64()), (200, Some(1.0)));
    assert_eq!(rig.send(ANN, "Hi").await.0, 503);
    assert_eq!(put(json!({ "undelivered": 2.0 })).await.0, 400);
    assert_eq!(rig.sim("behaviour").await.1, now);
    assert_eq!(put(json!({})).await.0, 200);
    assert_eq!(rig.send(ANN, "Hi").await.0, 201);
    assert_eq!(rig.sim("health").await.0, 200);
}
