//! Connections that close without an answer: the client cannot know, the log does.

use muster_simulator::Behaviour;

use crate::support::{ANN, Rig, US};

const FORM: [(&str, &str); 3] = [("To", ANN), ("From", US), ("Body", "Hi")];

#[tokio::test]
async fn a_message_dropped_after_acceptance_is_logged_once_and_seen_as_a_broken_connection() {
    let rig = Rig::with(Behaviour { drop_after_accept: 1.0, ..Behaviour::default() }).await;
    let error = rig.try_send(&FORM).await.unwrap_err();
    assert!(error.is_request() && error.status().is_none(), "{error:?}");
    let logged = rig.sim.accepted();
    assert_eq!(logged.len(), 1);
    assert_eq!(rig.sim.stats().dropped.after_accept, 1);

    // The carrier can be asked about it.
    let (_, list) = rig.ask(&format!("{}?To=%2B12125550100", rig.messages_url())).await;
    assert_eq!(list["messages"][0]["sid"], logged[0].sid.as_str());
}

#[tokio::test]
async fn a_message_dropped_before_acceptance_is_not_logged() {
    let rig = Rig::with(Behaviour { drop_before_accept: 1.0, ..Behaviour::default() }).await;
    let error = rig.try_send(&FORM).await.unwrap_err();
    assert!(error.is_request() && error.status().is_none(), "{error:?}");
    assert_eq!(rig.sim.accepted(), []);
    assert_eq!(rig.sim.stats().dropped.before_accept, 1);
}

#[tokio::test]
async fn a_connection_in_use_before_is_dropped_just_the_same() {
    let rig = Rig::with(Behaviour::default()).await;
    assert_eq!(rig.send(ANN, "first").await.0, 201);
    rig.sim.set_behaviour(Behaviour { drop_after_accept: 1.0, ..Behaviour::default() }).unwrap();
    rig.try_send(&FORM).await.unwrap_err();
    assert_eq!(rig.sim.stats().accepted, 2);
}
