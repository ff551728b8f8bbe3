//! No text that a carrier sends is lost (rule I1).

use muster_carrier::twilio::sign;
use muster_integration_tests::{Answer, CARRIER_SECRET, CONFIRMATION, Call, World, text, urlencoded};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::inbound::texted;

const INBOUND: &str = "/v1/webhooks/twilio/inbound";

fn pairs(form: &[(&str, &str)]) -> Vec<(String, String)> {
    form.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Posts a form to a path, with the signature for another URL and fields, as the carrier may see
/// them.
async fn post_signed_as(
    world: &World,
    path: &str,
    form: &[(&str, &str)],
    url: &str,
    signed: &[(&str, &str)],
) -> Answer {
    let signature = sign(&SecretString::from(CARRIER_SECRET), url, &pairs(signed));
    let call = Call::raw("application/x-www-form-urlencoded", urlencoded(&pairs(form)));
    world.nobody().call(Method::POST, path, call.header("x-twilio-signature", signature)).await
}

#[tokio::test]
async fn i1_a_text_of_any_sender_is_taken_and_only_a_number_is_a_contact() {
    World::with_engine()
        .run(async |world| {
            let (_ours, group, agent, number) = texted(&world, 1).await;
            let contacts = world.contacts().count().await;
            let strange = [
                ("22395", "from_short_code"),
                ("MUSTER", "from_name"),
                ("AT&T Free Msg", "from_name"),
                ("+442071838750", "from_foreign_number"),
                ("whatsapp:+442071838750", "from_foreign_number"),
                ("+11165550000", "from_foreign_number"),
                ("messenger:108", "from_short_code"),
                ("", "from_nobody"),
            ];
            for (nth, (from, _)) in strange.iter().enumerate() {
                let answer = world.text_as(&format!("SMstrange{nth}"), from, &number, "STOP").await;
                assert_eq!(answer.status, 204, "{from}: {}", answer.text);
            }
            // Fields that are missing, empty, new or odd.
            let forms: [(&[(&str, &str)], &str); 6] = [
                (&[("MessageSid", "SMa"), ("From", "+16465550000"), ("To", "12125")], "number_of_nobody"),
                (&[("MessageSid", "SMb"), ("From", "+16465550000")], "number_of_nobody"),
                (&[("MessageSid", "SMc")], "from_nobody"),
                (
                    &[("MessageSid", "SMd"), ("From", "+16465550000"), ("To", "+442071838750"), ("Body", "Hi")],
                    "number_of_nobody",
                ),
                (&[("SmsSid", "SMe"), ("From", "+16465550000"), ("To", &number)], "conversation"),
                (
                    &[
                        ("MessageSid", "SMf"),
                        ("From", " 16465550000"),
                        ("To", &number),
                        ("Body", "a\0b"),
                        ("New", "\0"),
                    ],
                    "conversation",
                ),
            ];
            for (form, _) in &forms {
                let answer = world.webhook(INBOUND, form).await;
                assert_eq!(answer.status, 204, "{form:?}: {}", answer.text);
            }
            world.webhooks().lacks("processed_at").until(0).await;
            world.settled().await;
            let seen: Vec<String> = world.webhooks().list("outcome", "receive_order").await;
            let wanted: Vec<&str> =
                strange.iter().map(|(_, fate)| *fate).chain(forms.iter().map(|(_, fate)| *fate)).collect();
            assert_eq!(seen, wanted);
            assert_eq!(world.contacts().count().await, contacts);
            assert_eq!(world.webhooks().has("payload").count().await, 0);
            assert_eq!(world.jobs().state("parked").count().await, 0, "{}", world.census().await);
            let claimed = agent.client.act(&format!("/v1/agent/groups/{group}/replies/claim")).await.ok();
            let bodies: Vec<_> =
                claimed[0]["messages"].as_array().unwrap().iter().skip(1).map(|m| m["body"].clone()).collect();
            assert_eq!(bodies, [json!(""), json!("a\u{fffd}b")]);
            let astray = muster_storage::conversations::webhooks::astray(world.pool(), 7).await.unwrap();
            assert_eq!(astray.iter().map(|astray| astray.texts).sum::<i64>(), 12, "{astray:?}");
        })
        .await;
}

/// The number is the person, whichever channel the carrier names.
#[tokio::test]
async fn i1_a_text_by_another_channel_is_the_same_persons() {
    World::with_engine()
        .run(async |world| {
            let (ours, group, agent, number) = texted(&world, 1).await;
            let (phone, to) = ("+16465550000", format!("whatsapp:{number}"));
            world.text(&format!("whatsapp:{phone}"), &to, "Hello").await;
            world.threads().has("unread_since").until(1).await;
            world.settled().await;
            let claimed = agent.client.act(&format!("/v1/agent/groups/{group}/replies/claim")).await.ok();
            let last = claimed[0]["messages"].as_array().unwrap().last().unwrap();
            assert_eq!((&last["body"], &last["channel"]), (&json!("Hello"), &json!("whatsapp")));
            assert_eq!(claimed[0]["messages"][0]["channel"], Value::Null);
            world.text(&format!("whatsapp:{phone}"), &to, "STOP").await;
            assert!(ours.contact(phone).await["opted_out_at"].is_string());
        })
        .await;
}

#[tokio::test]
async fn i1_a_picture_is_seen_and_a_redaction_takes_its_address_away() {
    World::with_engine()
        .run(async |world| {
            let (ours, group, agent, number) = texted(&world, 1).await;
            let phone = "+16465550000";
            let form = [
                ("MessageSid", "MM1"),
                ("From", phone),
                ("To", &number),
                ("Body", ""),
                ("NumMedia", "2"),
                ("MediaUrl0", "https://carrier.example/secret-address-1"),
                ("MediaContentType0", "image/jpeg"),
                ("MediaUrl1", "https://carrier.example/secret-address-2"),
                ("MediaContentType1", "image/png"),
            ];
            world.webhook(INBOUND, &form).await.ok();
            world.threads().has("unread_since").until(1).await;
            world.settled().await;
            let urls = ["https://carrier.example/secret-address-1", "https://carrier.example/secret-address-2"];
            let pictures = json!({ "count": 2, "content_types": ["image/jpeg", "image/png"], "urls": urls });
            let claimed = agent.client.act(&format!("/v1/agent/groups/{group}/replies/claim")).await;
            let thread = text(&claimed.ok()[0]["thread"]["id"]);
            let reviewed = ours.admin.get(&ours.at(&format!("conversations/{thread}"))).await;
            for messages in [&claimed.ok()[0]["messages"], &reviewed.ok()["messages"]] {
                assert_eq!((&messages[0]["media"], &messages[1]["media"]), (&Value::Null, &pictures));
            }
            let address = world.messages().and("media::text like '%secret-address%'");
            assert_eq!(address.count().await, 1);
            let redact = json!({ "phone": phone, "confirmation": CONFIRMATION });
            ours.admin.post("/v1/redactions", redact).await.ok();
            world.redactions().has("finished_at").until(1).await;
            assert_eq!(address.count().await, 0);
            let left = ours.admin.get(&ours.at(&format!("conversations/{thread}"))).await.ok();
            let pictures = json!({ "count": 2, "content_types": ["image/jpeg", "image/png"], "urls": [null, null] });
            assert_eq!(left["messages"][1]["media"], pictures);
        })
        .await;
}

#[tokio::test]
async fn i1_a_correct_signature_is_never_refused() {
    World::with_api()
        .run(async |world| {
            let port = world.api().url().rsplit(':').next().unwrap().to_owned();
            let here = format!("http://127.0.0.1:{port}");
            let form = [("MessageSid", "SM1"), ("Body", ""), ("Body", ""), ("A", "2"), ("A", "1"), ("A", "2")];
            let signed = [("A", "1"), ("A", "2"), ("Body", ""), ("MessageSid", "SM1")];
            for (path, url) in [
                (INBOUND.to_owned(), format!("{here}{INBOUND}")),
                (INBOUND.to_owned(), format!("http://127.0.0.1{INBOUND}")),
                (format!("{INBOUND}?a=1&b=%20"), format!("{here}{INBOUND}?a=1&b=%20")),
                (format!("{INBOUND}?a=1"), format!("http://127.0.0.1{INBOUND}?a=1")),
                (format!("{INBOUND}/"), format!("{here}{INBOUND}/")),
                (format!("{INBOUND}?"), format!("{here}{INBOUND}")),
            ] {
                let answer = post_signed_as(&world, &path, &form, &url, &signed).await;
                assert_eq!(answer.status, 204, "{path} {url}: {}", answer.text);
            }
            for (path, url, signed) in [
                (INBOUND, format!("https://127.0.0.1:{port}{INBOUND}"), &signed[..]),
                (INBOUND, format!("http://127.0.0.1:80{INBOUND}"), &signed[..]),
                (INBOUND, format!("{here}{INBOUND}?a=1"), &signed[..]),
                (INBOUND, format!("{here}{INBOUND}"), &form[..4]),
            ] {
                post_signed_as(&world, path, &form, &url, signed).await.problem(403, "bad-signature");
            }
            assert_eq!(world.webhooks().count().await, 1);
            // A body that is no form has its hash in the URL.
            let json = json!({ "MessageSid": "SM2", "From": "22395", "Body": "Hi" }).to_string();
            let hash: String = world.row(&format!("select to_json(encode(sha256('{json}'::bytea), 'hex'))")).await;
            let target = format!("{INBOUND}?bodySHA256={hash}");
            let signature = sign(&SecretString::from(CARRIER_SECRET), &format!("{here}{target}"), &[]);
            for (body, status) in [(json.clone(), 204), (json + " ", 403)] {
                let call = Call::raw("application/json", body).header("x-twilio-signature", signature.clone());
                assert_eq!(world.nobody().call(Method::POST, &target, call).await.status, status);
            }
            assert_eq!(world.webhooks().is("carrier_sid", "SM2").and("payload ->> 'Body' = 'Hi'").count().await, 1);
        })
        .await;
}

/// The api and the job go by the same sender.
#[tokio::test]
async fn i1_of_a_field_that_comes_twice_the_first_counts() {
    World::with_engine()
        .run(async |world| {
            let (ours, _group, _agent, number) = texted(&world, 2).await;
            let form = [
                ("MessageSid", "SM1"),
                ("From", "+16465550000"),
                ("From", "+16465550001"),
                ("To", &number),
                ("To", "+12125559999"),
                ("Body", "STOP"),
                ("Body", "START"),
            ];
            world.webhook(INBOUND, &form).await.ok();
            assert!(ours.contact("+16465550000").await["opted_out_at"].is_string());
            world.webhooks().has("processed_at").until(1).await;
            let from: String = world
                .row(
                    "select to_json(c.e164) from message m join contact c on c.id = m.contact_id where m.kind = \
             'inbound' and m.body = 'STOP'",
                )
                .await;
            assert_eq!(from, "+16465550000");
            assert!(ours.contact("+16465550001").await["opted_out_at"].is_null());
        })
        .await;
}

/// Receipts too.
#[tokio::test]
async fn s8_a_receipt_is_not_lost_for_what_is_odd_in_it() {
    World::with_engine()
        .run(async |world| {
            let (_ours, _group, _agent, _number) = texted(&world, 1).await;
            let id: String = world.messages().kind("initial").the("id").await;
            let path = format!("/v1/webhooks/twilio/status/{id}");
            for form in [
                &[("SmsStatus", "undelivered"), ("SmsSid", "SM1"), ("ErrorCode", "thirty")][..],
                &[("MessageSid", "SM1"), ("MessageStatus", "delivered"), ("New", "\0")],
                &[("MessageSid", "SM1"), ("MessageStatus", "on its way")],
                &[("MessageSid", "SM1")],
            ] {
                let answer = world.webhook(&path, form).await;
                assert_eq!(answer.status, 204, "{form:?}: {}", answer.text);
            }
            world.receipts().until(0).await;
        })
        .await;
}

#[tokio::test]
async fn i1_a_webhook_that_is_too_large_is_told_so() {
    World::with_api()
        .run(async |world| {
            for path in [INBOUND.to_owned(), format!("/v1/webhooks/twilio/status/{}", uuid::Uuid::now_v7())] {
                let large = "x".repeat(300_000);
                let answer =
                    world.webhook(&path, &[("MessageSid", "SM1"), ("MessageStatus", "sent"), ("Body", &large)]).await;
                answer.problem(413, "too-large");
                // The longest text that there is, in the largest form that it has.
                let longest = "\u{1f600}".repeat(1_600);
                let form = [("MessageSid", "SM2"), ("MessageStatus", "sent"), ("Body", longest.as_str())];
                assert_eq!(world.webhook(&path, &form).await.status, 204);
            }
        })
        .await;
}
