//! Sign-up forms, from an admin's definition to a contact with their consent (rules C9, C13, C16,
//! A2, A5, R3 and R4).

use muster_integration_tests::{Answer, CONFIRMATION, Call, Organization, World, text};
use reqwest::Method;
use serde_json::{Value, json};

use crate::group_knowledge::{Two, seen};

const CONSENT: &str = "I agree to get texts from Ours. Msg rates apply.";

/// Makes a form for a group; returns its id and its public path.
async fn form(by: &Organization, group: &str, more: Value) -> (String, String) {
    let mut body = json!({
        "group_id": group, "title": "Run with us", "consent_text": CONSENT,
        "questions": [{ "field": "first_name", "label": "First name", "required": true }, { "field": "email" }],
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let id = text(&by.admin.post(&by.at("forms"), body).await.ok()["id"]);
    let form = by.admin.get(&by.at(&format!("forms/{id}"))).await.ok();
    let url = text(&form["url"]);
    let path = url[url.find("/v1/").unwrap()..].to_owned();
    (id, path)
}

/// Signs up at a form, as nobody.
async fn sign_up(world: &World, path: &str, phone: &str, answers: Value) -> Answer {
    let body = json!({ "phone": phone, "answers": answers, "agrees": true });
    world.nobody().post(&format!("{path}/submit"), body).await
}

#[tokio::test]
async fn c16_a_person_signs_up_and_is_a_contact_with_the_consent_that_they_saw() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let tag = text(&ours.admin.post(&ours.at("tags"), json!({ "name": "signed up" })).await.ok()["id"]);
            ours.admin.post(&ours.at("fields"), json!({ "name": "ward" })).await.ok();
            let questions =
                json!([{ "field": "first_name", "required": true }, { "field": "email" }, { "field": "custom:ward" }]);
            let (id, path) = form(&ours, &group, json!({ "tag_ids": [tag], "questions": questions })).await;
            let public = world.nobody().get(&path).await.ok();
            assert_eq!(
                public,
                json!({ "organization": "Ours", "title": "Run with us", "consent_text": CONSENT, "questions": [
                    { "field": "first_name", "required": true }, { "field": "email", "required": false },
                    { "field": "custom:ward", "required": false }] })
            );
            let answers = json!({ "first_name": "Emmy", "email": "emmy@example.org", "custom:ward": "7" });
            let answer = sign_up(&world, &path, "(646) 555-0001", answers).await;
            assert_eq!(answer.status, 204, "{}", answer.text);
            let contact = ours.contact("+16465550001").await;
            assert_eq!(
                (&contact["first_name"], &contact["email"], &contact["fields"], &contact["tags"]),
                (&json!("Emmy"), &json!("emmy@example.org"), &json!({ "ward": "7" }), &json!(["signed up"]))
            );
            assert_eq!((&contact["source"], &contact["consent_text"]), (&json!("form"), &json!(CONSENT)));

            // With other words later, each consent keeps those that were seen.
            let mut edit = ours.admin.get(&ours.at(&format!("forms/{id}"))).await.ok();
            let edit = edit.as_object_mut().unwrap();
            edit.retain(|name, _| !["id", "url", "created_at"].contains(&name.as_str()));
            edit["consent_text"] = json!("Other words");
            let put = async |tag: &str| {
                let call = Call::json(&Value::Object(edit.clone())).header("if-match", tag);
                ours.admin.call(Method::PUT, &ours.at(&format!("forms/{id}")), call).await
            };
            put("\"7\"").await.problem(412, "edited-meanwhile");
            assert_eq!(put("\"1\"").await.header("etag"), "\"2\"");
            sign_up(&world, &path, "+16465550001", json!({ "first_name": "Amalie" })).await.ok();
            let contact = ours.contact("+16465550001").await;
            assert_eq!((&contact["first_name"], &contact["email"]), (&json!("Amalie"), &json!("emmy@example.org")));
            let consents = ours.admin.get(&ours.at(&format!("contacts/{}/consents", text(&contact["id"])))).await.ok();
            let words: Vec<_> = consents.as_array().unwrap().iter().map(|one| text(&one["consent_text"])).collect();
            assert_eq!(words, ["Other words", CONSENT]);
            assert_eq!(consents[0]["form_id"], id);
        })
        .await;
}

#[tokio::test]
async fn c16_a_form_refuses_what_it_does_not_ask_and_whoever_does_not_agree() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (id, path) = form(&ours, &group, json!({})).await;
            let submit = format!("{path}/submit");
            for body in [
                json!({ "phone": "+16465550001", "answers": { "first_name": "A" }, "agrees": false }),
                json!({ "phone": "+16465550001", "answers": { "first_name": "A" } }),
                json!({ "phone": "12", "answers": { "first_name": "A" }, "agrees": true }),
                json!({ "phone": "+16465550001", "answers": {}, "agrees": true }),
                json!({ "phone": "+16465550001", "answers": { "first_name": "A", "notes": "x" }, "agrees": true }),
                json!({ "phone": "+16465550001", "answers": { "first_name": "A", "email": "a" }, "agrees": true }),
            ] {
                world.nobody().post(&submit, body).await.problem(422, "invalid-body");
            }
            let large =
                json!({ "phone": "+16465550001", "answers": { "first_name": "x".repeat(140_000) }, "agrees": true });
            world.nobody().post(&submit, large).await.problem(413, "too-large");
            // A program fills in the hidden question: the same answer, and no contact.
            let trap =
                json!({ "phone": "+16465550001", "answers": { "first_name": "A" }, "agrees": true, "website": "x" });
            assert_eq!(world.nobody().post(&submit, trap).await.status, 204);
            assert_eq!(world.contacts().count().await, 0);
            for wrong in [
                json!({ "questions": [{ "field": "custom:none" }] }),
                json!({ "questions": [{ "field": "email" }, { "field": "email" }] }),
                json!({ "tag_ids": [group] }),
                json!({ "allowed_origins": ["example.org"] }),
            ] {
                let mut body = json!({ "group_id": group, "title": "T", "consent_text": "C" });
                body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
                ours.admin.post(&ours.at("forms"), body).await.problem(422, "invalid-body");
            }
            // Without it being active, a form is not there.
            let body = json!({ "group_id": group, "title": "T", "consent_text": "C", "active": false });
            ours.admin.put(&ours.at(&format!("forms/{id}")), body).await.ok();
            world.nobody().get(&path).await.problem(404, "not-found");
            sign_up(&world, &path, "+16465550001", json!({})).await.problem(404, "not-found");
            world.nobody().get("/v1/sign-ups/0123456789abcdef0123456789abcdef").await.problem(404, "not-found");
        })
        .await;
}

#[tokio::test]
async fn c16_an_answer_never_tells_whether_a_number_is_known() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (_, path) = form(&ours, &group, json!({ "questions": [] })).await;
            let plant = async |phone: &str| world.plant_contact_in(&ours.id, &group, phone).await;
            plant("+16465550001").await;
            let opted_out = plant("+16465550002").await;
            ours.admin.post(&ours.at(&format!("contacts/{opted_out}/opt-out")), json!({ "reason": "asked" })).await;
            plant("+16465550003").await;
            let redaction = json!({ "phone": "+16465550003", "confirmation": CONFIRMATION });
            // No worker is there to finish it.
            ours.admin.post("/v1/redactions", redaction).await.ok();
            let mut answers = Vec::new();
            for phone in ["+16465550001", "+16465550002", "+16465550003", "+16465550004"] {
                let answer = sign_up(&world, &path, phone, json!({})).await;
                answers.push((answer.status, answer.text.clone(), answer.header("vary").to_owned()));
            }
            assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
            assert_eq!(answers[0].0, 204);
            // Rule C9: the opt-out stays, and nothing is kept of a number that is being redacted.
            assert!(ours.contact("+16465550002").await["opted_out_at"].is_string());
            assert_eq!(world.contacts().is("e164", "+16465550003").count().await, 0);
            assert_eq!(world.rows("sign_up").count().await, 3);

            // Rule A2: a full group refuses everybody alike.
            ours.set(json!({ "group_contact_limit": 3 })).await;
            for phone in ["+16465550001", "+16465550005"] {
                sign_up(&world, &path, phone, json!({})).await.problem(409, "conflict");
            }
            // A refusal counts towards the rate as well.
            let (_, path) = form(&ours, &group, json!({ "questions": [], "sign_ups_an_hour_and_client": 1 })).await;
            sign_up(&world, &path, "+16465550006", json!({})).await.problem(409, "conflict");
            sign_up(&world, &path, "+16465550006", json!({})).await.problem(429, "sign-up-limit");
        })
        .await;
}

#[tokio::test]
async fn c9_a_redacted_number_comes_back_by_a_form_with_its_opt_out() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (_, path) = form(&ours, &group, json!({})).await;
            sign_up(&world, &path, "+16465550001", json!({ "first_name": "Emmy" })).await.ok();
            let contact = text(&ours.contact("+16465550001").await["id"]);
            ours.admin.post(&ours.at(&format!("contacts/{contact}/opt-out")), json!({ "reason": "asked" })).await;
            let body = json!({ "phone": "+16465550001", "confirmation": CONFIRMATION });
            ours.admin.post("/v1/redactions", body).await.ok();
            world.redactions().has("finished_at").until(1).await;
            assert_eq!(world.rows("sign_up").count().await, 0, "the consent goes with the person");
            sign_up(&world, &path, "+16465550001", json!({ "first_name": "Eva" })).await.ok();
            let back = ours.contact("+16465550001").await;
            assert_ne!(text(&back["id"]), contact);
            assert_eq!(back["first_name"], "Eva");
            assert!(back["opted_out_at"].is_string(), "{back}");
        })
        .await;
}

#[tokio::test]
async fn c16_sign_ups_are_bounded_by_form_and_by_client() {
    World::with_api()
        .with("client_address_header", "\"x-forwarded-for\"")
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let limits = json!({ "sign_ups_an_hour": 4, "sign_ups_an_hour_and_client": 2, "questions": [] });
            let (_, path) = form(&ours, &group, limits).await;
            let mut number = 0;
            let mut from = async |address: &str| {
                number += 1;
                let body = json!({ "phone": format!("+1646555{number:04}"), "agrees": true });
                let call = Call::json(&body).header("x-forwarded-for", format!("10.0.0.1, {address}"));
                world.nobody().call(Method::POST, &format!("{path}/submit"), call).await
            };
            for address in ["203.0.113.1", "203.0.113.1", "203.0.113.2"] {
                assert_eq!(from(address).await.status, 204);
            }
            let refused = from("203.0.113.1").await;
            refused.problem(429, "sign-up-limit");
            let seconds: i64 = refused.header("retry-after").parse().unwrap();
            assert!((1..=1_800).contains(&seconds), "{seconds}");
            // The refused one took nothing of the form's.
            assert_eq!(from("203.0.113.3").await.status, 204);
            from("203.0.113.4").await.problem(429, "sign-up-limit");
            assert_eq!(world.contacts().count().await, 4);
            // No address is kept (rule R5).
            let kept: String =
                world.row("select to_json(coalesce(string_agg(b::text, ' '), '')) from rate_bucket b").await;
            assert!(!kept.contains("203.0.113"), "{kept}");
        })
        .await;
}

#[tokio::test]
async fn c16_only_pages_at_the_origins_that_a_form_names_may_post_to_it() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (_, path) =
                form(&ours, &group, json!({ "allowed_origins": ["https://example.org"], "questions": [] })).await;
            let asked = async |method: Method, path: &str, origin: &str| {
                let body = json!({ "phone": "+16465550001", "agrees": true });
                let call = if method == Method::POST { Call::json(&body) } else { Call::empty() };
                world.nobody().call(method, path, call.header("origin", origin)).await
            };
            let submit = format!("{path}/submit");
            for (method, path) in [(Method::GET, &path), (Method::POST, &submit)] {
                let answer = asked(method.clone(), path, "https://example.org").await;
                assert!(answer.is_success(), "{}", answer.text);
                assert_eq!(answer.header("access-control-allow-origin"), "https://example.org");
                let other = asked(method, path, "https://evil.example").await;
                other.problem(403, "foreign-origin");
                assert_eq!(other.header("access-control-allow-origin"), "");
            }
            let url = format!("{}{submit}", world.api().url());
            let preflight = async |origin: &str| {
                world.http().request(Method::OPTIONS, &url).header("origin", origin).send().await.unwrap()
            };
            let allowed = preflight("https://example.org").await;
            assert_eq!(
                (allowed.status(), &allowed.headers()["access-control-allow-headers"]),
                (204.try_into().unwrap(), &"content-type".parse::<reqwest::header::HeaderValue>().unwrap())
            );
            assert_eq!(preflight("https://evil.example").await.status(), 403);
            // A refusal can be read by the page.
            let wrong = Call::json(&json!({ "phone": "1", "agrees": true })).header("origin", "https://example.org");
            let wrong = world.nobody().call(Method::POST, &submit, wrong).await;
            assert_eq!(
                (wrong.status, wrong.header("access-control-allow-origin")),
                (422.try_into().unwrap(), "https://example.org")
            );
        })
        .await;
}

#[tokio::test]
async fn a5_a_forms_group_learns_its_own_answers_and_nothing_of_others() {
    Two::run(async |two| {
        let (id, path) = form(&two.mine, &two.group, json!({})).await;
        two.theirs.admin.get(&two.theirs.at(&format!("forms/{id}"))).await.problem(404, "not-found");
        let body = json!({ "group_id": two.their_group, "title": "T", "consent_text": "C" });
        two.mine.admin.post(&two.mine.at("forms"), body).await.problem(404, "not-found");
        sign_up(&two.world, &path, "+16465550001", json!({ "first_name": "Emmy" })).await.ok();
        let mine = two.seen("+16465550001").await;
        assert_eq!(
            (&mine["first_name"], &mine["last_name"], &mine["fields"]),
            (&json!("Emmy"), &json!(""), &json!({}))
        );
        let theirs = seen(&two.theirs, &two.their_group, "+16465550001").await;
        assert_eq!(theirs["first_name"], "Secretfirst");
        let contact = text(&mine["id"]);
        let consents = async |by: &Organization| {
            by.admin.get(&by.at(&format!("contacts/{contact}/consents"))).await.ok().as_array().unwrap().len()
        };
        assert_eq!((consents(&two.mine).await, consents(&two.theirs).await, consents(&two.ours).await), (1, 0, 1));
    })
    .await;
}
