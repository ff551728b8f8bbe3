//! Creating, reading and listing messages, and the errors of the carrier's side.

use muster_simulator::Behaviour;
use serde_json::Value;

use crate::support::{ANN, BOB, Rig, US, answer, millis, text};

fn sids(list: &Value) -> Vec<String> {
    let messages = list["messages"].as_array().unwrap();
    messages.iter().map(|message| text(message, "sid")).collect()
}

#[tokio::test]
async fn an_accepted_message_is_answered_logged_and_can_be_read() {
    let rig = Rig::with(Behaviour::default()).await;
    let (status, created) = rig.send(ANN, &"]".repeat(153)).await;
    assert_eq!(status, 201);
    assert_eq!(created["status"], "queued");
    assert_eq!(created["num_segments"], "3");
    assert_eq!(created["direction"], "outbound-api");
    assert_eq!(created["error_code"], Value::Null);
    let sid = text(&created, "sid");
    assert!(sid.starts_with("SM") && sid.len() == 34, "{sid}");

    let url = format!("{}{}", rig.sim.url, text(&created, "uri"));
    let (status, read) = rig.ask(&url).await;
    assert_eq!((status, read["sid"].as_str()), (200, Some(sid.as_str())));
    assert_eq!(read["date_created"], created["date_created"]);

    let logged = rig.sim.accepted();
    assert_eq!(logged.len(), 1);
    assert_eq!((logged[0].seq, logged[0].segments), (1, 3));
}

#[tokio::test]
async fn the_status_becomes_final_without_any_callback() {
    let mut behaviour = Behaviour { undelivered: 1.0, undelivered_codes: vec![30005], ..Behaviour::default() };
    behaviour.receipts.delay_ms = millis(0, 0);
    let rig = Rig::with(behaviour).await;
    let (_, created) = rig.send(ANN, "Hi").await;
    let url = format!("{}{}", rig.sim.url, text(&created, "uri"));
    let (_, read) = rig.ask(&url).await;
    assert_eq!(read["status"], "undelivered");
    assert_eq!(read["error_code"], 30005);
    assert!(read["date_sent"].is_string());
}

#[tokio::test]
async fn a_list_is_filtered_and_paged_newest_first() {
    let rig = Rig::with(Behaviour::default()).await;
    let mut to_ann = Vec::new();
    for n in 0..5 {
        rig.send(BOB, &format!("Bob {n}")).await;
        to_ann.insert(0, text(&rig.send(ANN, &format!("Ann {n}")).await.1, "sid"));
    }
    let url = rig.messages_url();
    let (_, first) = rig.ask(&format!("{url}?To=%2B12125550100&PageSize=2")).await;
    assert_eq!(sids(&first), to_ann[..2]);

    // A message that comes between two pages shifts nothing.
    rig.send(ANN, "late").await;
    let next = format!("{}{}", rig.sim.url, text(&first, "next_page_uri"));
    let (_, second) = rig.ask(&next).await;
    assert_eq!(sids(&second), to_ann[2..4]);
    let next = format!("{}{}", rig.sim.url, text(&second, "next_page_uri"));
    let (_, third) = rig.ask(&next).await;
    assert_eq!(sids(&third), to_ann[4..]);
    assert_eq!(third["next_page_uri"], Value::Null);

    let (_, page) = rig.ask(&format!("{url}?To=%2B12125550100&PageSize=2&Page=1")).await;
    assert_eq!(sids(&page), to_ann[1..3]);
    let (_, all) = rig.ask(&url).await;
    assert_eq!(sids(&all).len(), 11);
    let (_, none) = rig.ask(&format!("{url}?From=%2B12125550100")).await;
    assert_eq!(sids(&none).len(), 0);
}

#[tokio::test]
async fn a_list_is_filtered_by_the_day_of_creation() {
    let rig = Rig::with(Behaviour::default()).await;
    rig.send(ANN, "Hi").await;
    let day = rig.sim.accepted()[0].accepted_at.date_naive();
    let (before, after) = (day.pred_opt().unwrap(), day.succ_opt().unwrap());
    let cases = [
        (format!("DateSent={day}"), 1),
        (format!("DateSent={before}"), 0),
        (format!("DateSent%3E={day}"), 1),
        (format!("DateSent%3E={after}"), 0),
        (format!("DateSent%3C={day}"), 1),
        (format!("DateSent%3C={before}"), 0),
        // As a client writes it that does not encode the sign.
        (format!("DateSent>={before}&DateSent<={after}"), 1),
        // As Twilio's own clients send dates and times.
        (format!("DateSent={day}T00%3A00%3A00Z&PageSize=50"), 1),
        (format!("DateSent={before}T00%3A00%3A00Z"), 0),
        (format!("DateSent%3E={day}T00%3A00%3A00Z&DateSent%3C={after}T00%3A00%3A00Z"), 1),
        (format!("DateSent%3E={after}T00%3A00%3A00Z"), 0),
        (format!("DateSent%3C={before}T23%3A59%3A59Z"), 0),
        (format!("DateSent=%3E%3D{day}"), 1),
        (format!("DateSent%3C%3D={before}"), 0),
        (format!("DateSent={day}T00:00:00+00:00"), 1),
        ("DateSent=&To=&From=&PageSize=&Page=&PageToken=".to_owned(), 1),
        ("To=+12125550100".to_owned(), 1),
        ("To=%2B12125550101".to_owned(), 0),
    ];
    for (filter, expected) in cases {
        let (_, list) = rig.ask(&format!("{}?{filter}", rig.messages_url())).await;
        assert_eq!(sids(&list).len(), expected, "{filter}");
    }
    let (status, error) = rig.ask(&format!("{}?DateSent=today", rig.messages_url())).await;
    assert_eq!((status, error["code"].as_u64()), (400, Some(20001)));
}

#[tokio::test]
async fn a_wrong_password_is_refused_in_twilios_words() {
    let rig = Rig::with(Behaviour::default()).await;
    let request = rig.http.post(rig.messages_url()).basic_auth("AC1", Some(""));
    let (status, error) = answer(request.send().await.unwrap()).await;
    assert_eq!(status, 401);
    assert_eq!((error["code"].as_u64(), &error["status"]), (Some(20003), &401.into()));
    assert!(text(&error, "more_info").ends_with("/20003"));
    let foreign = rig.messages_url().replace("/Accounts/AC0", "/Accounts/AC1");
    assert_eq!(rig.ask(&foreign).await.0, 404);
}

#[tokio::test]
async fn malformed_messages_are_refused_and_counted() {
    let rig = Rig::with(Behaviour::default()).await;
    let (status, error) = rig.send("2125550100", "Hi").await;
    assert_eq!((status, error["code"].as_u64()), (400, Some(21211)));
    let (status, error) = rig.send(ANN, "").await;
    assert_eq!((status, error["code"].as_u64()), (400, Some(21602)));
    let missing = rig.try_send(&[("To", ANN), ("From", US)]).await.unwrap();
    assert_eq!(missing.status(), 400);
    let counted = rig.sim.stats();
    assert_eq!((counted.refused[&21211], counted.refused[&21602]), (1, 2));
    assert_eq!(counted.accepted, 0);
}

#[tokio::test]
async fn over_the_limit_is_429_with_a_time_to_wait() {
    let rig = Rig::with(Behaviour { throttle_per_second: 1, ..Behaviour::default() }).await;
    // Two in a row fall into one second, unless the machine is very slow.
    let mut refused = None;
    for n in 0..100 {
        let body = n.to_string();
        let form = [("To", ANN), ("From", US), ("Body", &body)];
        let response = rig.try_send(&form).await.unwrap();
        if response.status() == 429 {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("a refusal");
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(answer(refused).await.1["code"], 20429);
    assert_eq!(rig.sim.stats().throttled, 1);
}

#[tokio::test]
async fn temporary_and_permanent_errors_accept_nothing() {
    let rig = Rig::with(Behaviour { temporary_error: 1.0, ..Behaviour::default() }).await;
    let (status, error) = rig.send(ANN, "Hi").await;
    assert_eq!((status, error["code"].as_u64()), (503, Some(20503)));
    rig.sim
        .set_behaviour(Behaviour { permanent_error: 1.0, permanent_codes: vec![21614], ..Behaviour::default() })
        .unwrap();
    let (status, error) = rig.send(ANN, "Hi").await;
    assert_eq!((status, error["code"].as_u64()), (400, Some(21614)));
    assert_eq!(rig.sim.stats().accepted, 0);
}

#[tokio::test]
async fn the_same_messages_meet_the_same_fate_in_any_order() {
    let numbers: Vec<String> = (0..40).map(|n| format!("+1212555{n:04}")).collect();
    let behaviour = Behaviour { permanent_error: 0.3, temporary_error: 0.3, ..Behaviour::default() };
    let mut runs = Vec::new();
    for reversed in [false, true] {
        let rig = Rig::with(behaviour.clone()).await;
        let mut order = numbers.clone();
        if reversed {
            order.reverse();
        }
        let mut fates = Vec::new();
        for to in order {
            let (status, json) = rig.send(&to, "Hi").await;
            fates.push((to, status, json["code"].as_u64()));
        }
        fates.sort();
        runs.push(fates);
    }
    assert_eq!(runs[0], runs[1]);
    assert!(runs[0].iter().any(|fate| fate.1 == 201) && runs[0].iter().any(|fate| fate.1 == 503));
}
