//! Sessions and the scope of tokens (rules A5 and A6).

use muster_integration_tests::{Call, Client, Organization, Person, World, ago, days, minutes, seconds, text};
use reqwest::Method;
use serde_json::{Value, json};

const OWN: &str = "/v1/account/sessions";

fn cookie(session: &Client) -> Call {
    Call::empty().header("cookie", format!("__Host-muster={}", session.token().unwrap()))
}

async fn is_over(session: &Client) {
    session.get("/v1/account").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a6_a_session_is_listed_by_its_member_and_ended_one_by_one_or_all_others() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let person = ours.member("agent").await;
            let (one, one_id) = world.session(&person.id, "full").await;
            let (two, two_id) = world.session(&person.id, "full").await;
            let (three, _) = world.session(&person.id, "read").await;
            let listed = one.get(OWN).await;
            assert!(!listed.text.contains("muster_session_"), "no secret is told");
            let items = listed.ok()["items"].as_array().unwrap().clone();
            let told: Vec<_> = items.iter().map(|one| (text(&one["scope"]), one["current"] == true)).collect();
            assert_eq!(told, [("full".into(), true), ("full".into(), false), ("read".into(), false)]);
            assert_eq!((&items[0]["client"], &items[0]["address"]), (&json!("Firefox"), &json!("198.51.100.7")));
            assert!(items[0]["last_used_at"].is_string() && items[1]["last_used_at"].is_null());

            // Another member's is not there.
            let (other, other_id) = world.session(&ours.member("agent").await.id, "full").await;
            let at = |id: &str| format!("{OWN}/{id}");
            one.call(Method::DELETE, &at(&other_id), Call::empty()).await.problem(404, "not-found");
            one.call(Method::DELETE, &at(&two_id), Call::empty()).await.ok();
            is_over(&two).await;
            one.post(&format!("{OWN}/end"), json!({ "others_only": true })).await.ok();
            is_over(&three).await;
            other.get("/v1/account").await.ok();
            one.act(&format!("{OWN}/end")).await.ok();
            is_over(&one).await;
            let left = person.client.get(OWN).await.ok();
            assert_eq!(left["items"], json!([]), "a token is no session, and {one_id} is over");
        })
        .await;
}

#[tokio::test]
async fn a6_admins_list_and_end_sessions_within_their_reach() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (mine, other) = (ours.group("Mine").await, ours.group("Other").await);
            let (admin, _) = ours.member_of("group_admin", &[&mine]).await;
            let (agent, _) = ours.agent(&mine).await;
            let (stranger, _) = ours.agent(&other).await;
            let above = ours.member("organization_admin").await;
            let (session, id) = world.session(&agent.id, "full").await;
            let (hidden, hidden_id) = world.session(&stranger.id, "full").await;
            let (greater, greater_id) = world.session(&above.id, "full").await;
            let of = |member: &Person| ours.at(&format!("members/{}/sessions", member.id));
            let at = |id: &str| ours.at(&format!("sessions/{id}"));
            let delete = async |path: &str| admin.client.call(Method::DELETE, path, Call::empty()).await;

            assert_eq!(admin.client.get(&of(&agent)).await.ok()["items"][0]["id"], json!(id));
            admin.client.get(&of(&stranger)).await.problem(404, "not-found");
            admin.client.get(&of(&above)).await.problem(403, "forbidden");
            delete(&at(&hidden_id)).await.problem(404, "not-found");
            delete(&of(&stranger)).await.problem(404, "not-found");
            delete(&at(&greater_id)).await.problem(403, "forbidden");
            delete(&of(&above)).await.problem(403, "forbidden");
            delete(&at(&id)).await.ok();
            is_over(&session).await;
            for untouched in [&hidden, &greater] {
                untouched.get("/v1/account").await.ok();
            }
            ours.admin.call(Method::DELETE, &of(&above), Call::empty()).await.ok();
            is_over(&greater).await;
        })
        .await;
}

/// The whole of a session's end: its requests, and its event streams.
#[tokio::test]
async fn a6_suspension_removal_and_another_role_end_sessions_and_their_streams_at_once() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            let member = ours.at(&format!("members/{}", agent.id));
            let (session, _) = world.session(&agent.id, "full").await;
            let mut events = session.events("/v1/agent/events").await;
            assert_eq!(events.next().await.unwrap().0, "home");
            ours.admin.act(&format!("{member}/suspend")).await.ok();
            is_over(&session).await;
            let (kind, problem) = events.next().await.unwrap();
            assert_eq!((kind.as_str(), &problem["status"]), ("problem", &json!(401)));
            assert!(events.next().await.is_none());
            ours.admin.act(&format!("{member}/restore")).await.ok();
            agent.client.get("/v1/account").await.ok();
            is_over(&session).await;

            for change in [json!({ "role": "group_admin" }), json!({ "role": "agent" })] {
                let (session, _) = world.session(&agent.id, "full").await;
                session.get("/v1/account").await.ok();
                ours.admin.patch(&member, json!({ "first_name": "Grace" })).await.ok();
                session.get("/v1/account").await.ok();
                ours.admin.patch(&member, change).await.ok();
                is_over(&session).await;
            }
            let (session, _) = world.session(&agent.id, "full").await;
            ours.admin.call(Method::DELETE, &member, Call::empty()).await.ok();
            is_over(&session).await;
            assert_eq!(world.rows("session").lacks("ended_at").count().await, 0);
        })
        .await;
}

async fn set_policy(ours: &Organization, policy: Value) -> Value {
    ours.admin.patch("/v1/account/sign-in-policy", policy).await.ok()
}

#[tokio::test]
async fn a6_a_session_is_over_after_idle_time_and_after_its_lifetime_however_much_it_is_used() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let person = ours.member("agent").await;
            let (idle, id) = world.session(&person.id, "full").await;
            idle.get("/v1/account").await.ok();
            let (row, used) = (world.rows("session").id(&id), world.rows("session_use").is("session_id", &id));
            row.backdate("created_at", days(2)).await;
            used.set("used_at", ago(minutes(700))).await;
            idle.get("/v1/account").await.ok();
            used.set("used_at", ago(minutes(721))).await;
            is_over(&idle).await;
            assert_eq!(person.client.get(OWN).await.ok()["items"], json!([]));

            let (old, id) = world.session(&person.id, "full").await;
            old.get("/v1/account").await.ok();
            world.rows("session").id(&id).backdate("created_at", days(31)).await;
            is_over(&old).await;
        })
        .await;
}

#[tokio::test]
async fn a6_narrower_limits_of_the_account_hold_at_once_and_wider_ones_bring_no_session_back() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let person = ours.member("organization_admin").await;
            let (session, id) = world.session(&person.id, "full").await;
            session.get("/v1/account").await.ok();
            world.rows("session").id(&id).backdate("created_at", days(1)).await;
            world.rows("session_use").is("session_id", &id).set("used_at", ago(minutes(30))).await;
            let policy = "/v1/account/sign-in-policy";
            let usual = ours.admin.get(policy).await;
            assert_eq!((&usual.ok()["session_idle_minutes"], usual.header("etag")), (&json!(720), "\"0\""));
            let narrow = set_policy(&ours, json!({ "session_idle_minutes": 20 })).await;
            assert_eq!((&narrow["session_idle_minutes"], &narrow["session_lifetime_hours"]), (&json!(20), &json!(720)));
            is_over(&session).await;
            set_policy(&ours, json!({ "session_idle_minutes": 43_200 })).await;
            session.get("/v1/account").await.ok();
            set_policy(&ours, json!({ "session_lifetime_hours": 20 })).await;
            is_over(&session).await;

            // The session keeps the limits that it began with.
            set_policy(&ours, json!({ "session_lifetime_hours": 8_760 })).await;
            world.rows("session").id(&id).backdate("created_at", days(40)).await;
            session.get("/v1/account").await.problem(401, "unauthenticated");

            let stale = Call::json(&json!({ "session_idle_minutes": 60 })).header("if-match", "\"1\"");
            ours.admin.call(Method::PATCH, policy, stale).await.problem(412, "edited-meanwhile");
            person.client.get(policy).await.problem(403, "forbidden");
            for wrong in [json!({ "session_idle_minutes": 4 }), json!({ "session_lifetime_hours": 8_761 })] {
                ours.admin.patch(policy, wrong).await.problem(422, "invalid-body");
            }
        })
        .await;
}

/// A browser sends the cookie by itself, from any page: a page of another site changes nothing.
#[tokio::test]
async fn a6_a_change_with_the_cookie_comes_from_a_page_of_this_origin() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let person = ours.member("agent").await;
            let (session, _) = world.session(&person.id, "full").await;
            let (nobody, end) = (world.nobody(), format!("{OWN}/end"));
            let others = json!({ "others_only": true });
            let post = || {
                let with = cookie(&session).headers;
                with.into_iter().fold(Call::json(&others), |call, (name, value)| call.header(name, value))
            };
            nobody.call(Method::GET, OWN, cookie(&session)).await.ok();
            for call in [
                post(),
                post().header("sec-fetch-site", "cross-site"),
                post().header("sec-fetch-site", "same-site"),
                post().header("origin", "https://evil.example"),
            ] {
                nobody.call(Method::POST, &end, call).await.problem(403, "cross-site");
            }
            nobody.call(Method::POST, &end, post().header("sec-fetch-site", "same-origin")).await.ok();
            // A token that a page cannot have needs no such word, and is no cookie.
            session.post(&end, others.clone()).await.ok();
            nobody.call(Method::GET, OWN, cookie(&person.client)).await.problem(401, "unauthenticated");

            let out = cookie(&session).header("sec-fetch-site", "same-origin");
            let answer = nobody.call(Method::POST, "/v1/sign-out", out).await;
            answer.ok();
            let taken = answer.header("set-cookie");
            assert!(taken.starts_with("__Host-muster=; Max-Age=0;"), "{taken}");
            is_over(&session).await;
            person.client.act("/v1/sign-out").await.problem(409, "conflict");
        })
        .await;
}

#[tokio::test]
async fn a5_a_reading_token_or_session_changes_nothing_and_answers_questions_with_a_body() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let person = ours.member("organization_admin").await;
            let tokens = ours.at(&format!("members/{}/tokens", person.id));
            let made = ours.admin.post(&tokens, json!({ "name": "Report", "scope": "read" })).await.ok();
            assert_eq!(made["scope"], "read");
            let listed = ours.admin.get(&tokens).await.ok();
            let scopes: Vec<_> = listed["items"].as_array().unwrap().iter().map(|one| text(&one["scope"])).collect();
            assert_eq!(scopes, ["full", "read"]);
            let token = person.client.with_token(made["token"].as_str());
            let (session, _) = world.session(&person.id, "read").await;
            let before = world.contents().await;
            for reader in [&token, &session] {
                reader.get(&ours.at("members")).await.ok();
                reader.post(&ours.at("opt-outs/lookup"), json!({ "phone": "+16465550001" })).await.ok();
                reader.post(&ours.at("texts/segments"), json!({ "text": "Hello" })).await.ok();
                reader.act(&tokens).await.problem(403, "forbidden");
                reader.patch(&ours.path, json!({ "batch_size": 7 })).await.problem(403, "forbidden");
                reader.post(&ours.at("tags"), json!({ "name": "vip" })).await.problem(403, "forbidden");
                reader.act("/v1/sign-out").await.problem(403, "forbidden");
            }
            assert_eq!(world.contents().await, before);
        })
        .await;
}

/// A stream that a session began ends when the session's time is over.
#[tokio::test]
async fn a6_an_event_stream_ends_with_its_session() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            let (session, id) = world.session(&agent.id, "full").await;
            let mut events = session.events("/v1/agent/events").await;
            assert_eq!(events.next().await.unwrap().0, "home");
            world.rows("session").id(&id).backdate("created_at", days(31)).await;
            let problem = tokio::time::timeout(seconds(80), events.next()).await.unwrap();
            assert_eq!(problem.unwrap().0, "problem");
            assert!(events.next().await.is_none());
        })
        .await;
}
