//! Sign-in by a code, a link or an invite that is sent by mail (rule A6).

use std::path::PathBuf;

use muster_integration_tests::{Answer, Call, Client, Organization, World, eventually, minutes, seconds, text};
use reqwest::Method;
use serde_json::{Value, json};

const ASK: &str = "/v1/sign-in";
const CONFIRM: &str = "/v1/sign-in/confirm";
const ACCEPT: &str = "/v1/invites/accept";

/// Returns the mails to an address, the oldest first.
fn mails(world: &World, email: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(world.folder().join("mails")) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "eml"));
    files.sort();
    // Long lines are broken by a mail's encoding.
    let all = files.iter().map(|file| std::fs::read_to_string(file).unwrap().replace("=\r\n", "").replace("=3D", "="));
    all.filter(|mail| mail.contains(&format!("To: {email}"))).collect()
}

/// Waits for the nth mail to an address.
pub(crate) async fn mail(world: &World, email: &str, nth: usize) -> String {
    let look = async || mails(world, email).get(nth).cloned().ok_or_else(|| format!("no mail {nth} to {email}"));
    eventually(seconds(20), look).await
}

/// Returns the value behind a word in a mail's link.
pub(crate) fn of_link(mail: &str, name: &str) -> String {
    let (_, rest) = mail.split_once(&format!("{name}=")).unwrap_or_else(|| panic!("no {name} in {mail}"));
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}

fn path_of_link(mail: &str, before: &str) -> String {
    let (_, rest) = mail.split_once(before).unwrap_or_else(|| panic!("no {before} in {mail}"));
    let path: String = rest.chars().take_while(|letter| !letter.is_whitespace()).collect();
    format!("{before}{path}")
}

async fn member(ours: &Organization, role: &str, email: &str) -> String {
    let body = json!({ "role": role, "first_name": "Ada", "last_name": "L", "email": email });
    text(&ours.admin.post(&ours.at("members"), body).await.ok()["id"])
}

async fn ask(client: &Client, email: &str) -> Value {
    client.post(ASK, json!({ "email": email })).await.ok()
}

async fn confirm(client: &Client, asked: &Value, code: &str, more: Value) -> Answer {
    let mut body = json!({ "sign_in_id": asked["sign_in_id"], "client_secret": asked["client_secret"], "code": code });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.post(CONFIRM, body).await
}

#[tokio::test]
async fn a6_a_code_by_mail_begins_one_session_for_the_client_that_asked() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let id = member(&ours, "agent", "ada@example.org").await;
            let nobody = world.nobody();
            let asked = ask(&nobody, "Ada@Example.org").await;
            let code = of_link(&mail(&world, "ada@example.org", 0).await, "code");
            assert_eq!(code.len(), 8, "{code}");

            // Another client has another secret, and a wrong code is none.
            let other = ask(&nobody, "other@example.org").await;
            let stolen = json!({ "sign_in_id": asked["sign_in_id"], "client_secret": other["client_secret"] });
            confirm(&nobody, &stolen, &code, json!({})).await.problem(403, "sign-in-failed");
            confirm(&nobody, &asked, "BCDF2345", json!({})).await.problem(403, "sign-in-failed");
            let typed = format!("{}-{}", code[..4].to_lowercase(), &code[4..]);
            let signed_in = confirm(&nobody, &asked, &typed, json!({})).await.ok();
            assert_eq!((&signed_in["session"]["member_id"], &signed_in["choices"]), (&json!(id), &json!([])));
            let session = nobody.with_token(signed_in["session"]["token"].as_str());
            assert_eq!(session.get("/v1/account").await.ok()["member_id"], json!(id));
            let listed = session.get("/v1/account/sessions").await.ok();
            assert_eq!(
                (&listed["items"][0]["method"], &listed["items"][0]["current"]),
                (&json!("email_code"), &json!(true))
            );

            // Once.
            confirm(&nobody, &asked, &code, json!({})).await.problem(403, "sign-in-failed");
            // Neither the code nor the address is in a job; the code is nowhere.
            let jobs: String = world.row("select to_json(string_agg(j::text, ' ')) from job j").await;
            assert!(!jobs.contains("example.org") && !jobs.contains(&code), "{jobs}");
            let rows: String = world.row("select to_json(string_agg(s::text, ' ')) from sign_in s").await;
            assert!(!rows.contains(&code), "{rows}");
        })
        .await;
}

/// An address that nobody has is answered like any other, and gets no mail.
#[tokio::test]
async fn a6_an_answer_tells_nothing_of_whether_somebody_has_the_address() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            member(&ours, "agent", "ada@example.org").await;
            let suspended = member(&ours, "agent", "grace@example.org").await;
            ours.admin.act(&ours.at(&format!("members/{suspended}/suspend"))).await.ok();
            let nobody = world.nobody();
            let mut shapes = Vec::new();
            for email in ["nobody@example.org", "grace@example.org", "ada@example.org"] {
                let answer = nobody.post(ASK, json!({ "email": email })).await;
                let names: Vec<_> = answer.ok().as_object().unwrap().keys().cloned().collect();
                shapes.push((answer.status, names));
                // The same work: a row, and a job of the same form.
                confirm(&nobody, &answer.ok(), "BCDF2345", json!({})).await.problem(403, "sign-in-failed");
            }
            assert!(shapes.iter().all(|shape| *shape == shapes[0]), "{shapes:?}");
            mail(&world, "ada@example.org", 0).await;
            world.settled().await;
            assert_eq!(world.rows("sign_in").count().await, 3);
            assert_eq!(world.jobs().kind("mail-send").state("succeeded").count().await, 3);
            assert!(mails(&world, "nobody@example.org").is_empty() && mails(&world, "grace@example.org").is_empty());
        })
        .await;
}

#[tokio::test]
async fn a6_five_wrong_codes_or_ten_minutes_end_a_sign_in() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            member(&ours, "agent", "ada@example.org").await;
            let nobody = world.nobody();
            let asked = ask(&nobody, "ada@example.org").await;
            let code = of_link(&mail(&world, "ada@example.org", 0).await, "code");
            for _ in 0..5 {
                confirm(&nobody, &asked, "BCDF2345", json!({})).await.problem(403, "sign-in-failed");
            }
            confirm(&nobody, &asked, &code, json!({})).await.problem(403, "sign-in-failed");

            let asked = ask(&nobody, "ada@example.org").await;
            let code = of_link(&mail(&world, "ada@example.org", 1).await, "code");
            let row = world.rows("sign_in").id(asked["sign_in_id"].as_str().unwrap());
            row.backdate("expires_at", minutes(11)).await;
            confirm(&nobody, &asked, &code, json!({})).await.problem(403, "sign-in-failed");
            assert_eq!(world.rows("session").count().await, 0);
        })
        .await;
}

#[tokio::test]
async fn a6_a_person_with_work_in_several_organizations_chooses_one() {
    World::with_engine()
        .run(async |world| {
            let (ours, theirs) = (world.organization("Ours").await, world.organization("Theirs").await);
            let one = member(&ours, "agent", "ada@example.org").await;
            let two = member(&theirs, "organization_admin", "ada@example.org").await;
            let stranger = member(&theirs, "agent", "grace@example.org").await;
            let nobody = world.nobody();
            let asked = ask(&nobody, "ada@example.org").await;
            let code = of_link(&mail(&world, "ada@example.org", 0).await, "code");
            let told = confirm(&nobody, &asked, &code, json!({})).await.ok();
            let choices = told["choices"].as_array().unwrap().clone();
            let ids: Vec<_> = choices.iter().map(|choice| text(&choice["member_id"])).collect();
            assert!(told["session"].is_null() && ids == [one, two.clone()], "{told}");
            assert_eq!(
                (&choices[1]["organization"], &choices[1]["role"]),
                (&json!("Theirs"), &json!("organization_admin"))
            );
            let other = json!({ "member_id": stranger });
            confirm(&nobody, &asked, &code, other).await.problem(403, "sign-in-failed");
            let chosen = json!({ "member_id": two, "scope": "read" });
            let session = confirm(&nobody, &asked, &code, chosen).await.ok()["session"].clone();
            assert_eq!((&session["member_id"], &session["scope"]), (&json!(two), &json!("read")));
            let session = nobody.with_token(session["token"].as_str());
            session.post(&theirs.at("tags"), json!({ "name": "vip" })).await.problem(403, "forbidden");
        })
        .await;
}

/// Returns a browser's request of a page with these cookies.
fn click(form: &str, cookies: &str) -> Call {
    Call::raw("application/x-www-form-urlencoded", form)
        .header("cookie", cookies)
        .header("sec-fetch-site", "same-origin")
}

fn cookie_of(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

/// Programs look at links in mails.
#[tokio::test]
async fn a6_a_link_is_looked_at_without_effect_and_works_by_a_click_in_the_browser_that_asked() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            member(&ours, "agent", "ada@example.org").await;
            let nobody = world.nobody();
            let ask = json!({ "email": "ada@example.org", "cookie": true, "language": "es" });
            nobody.post(ASK, ask.clone()).await.problem(403, "cross-site");
            let same = Call::json(&ask).header("sec-fetch-site", "same-origin");
            let asking = cookie_of(&nobody.call(Method::POST, ASK, same).await);
            assert!(asking.starts_with("__Host-muster-sign-in="), "{asking}");
            let told = mail(&world, "ada@example.org", 0).await;
            assert!(told.contains("c=C3=B3digo"), "{told}");
            let (path, form) = (path_of_link(&told, "/v1/sign-in/"), format!("code={}", of_link(&told, "code")));
            world.settled().await;
            let before = world.contents().await;
            for cookies in ["", asking.as_str()] {
                let page = nobody.call(Method::GET, &path, Call::empty().header("cookie", cookies)).await;
                assert_eq!((page.status, page.header("referrer-policy")), (200, "no-referrer"));
                assert_eq!(page.text.contains("<form"), !cookies.is_empty(), "{}", page.text);
            }
            assert_eq!(world.contents().await, before);
            let elsewhere = nobody.call(Method::POST, &path, click(&form, "")).await;
            assert_eq!(elsewhere.status, 403, "another browser has no cookie");
            let foreign = Call::raw("application/x-www-form-urlencoded", form.as_str()).header("cookie", &asking);
            nobody.call(Method::POST, &path, foreign).await.problem(403, "cross-site");
            let done = nobody.call(Method::POST, &path, click(&form, &asking)).await;
            let session = cookie_of(&done);
            assert!(done.status == 200 && session.starts_with("__Host-muster=muster_session_"), "{session}");
            let attributes = done.header("set-cookie");
            for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
                assert!(attributes.contains(attribute), "{attributes}");
            }
            nobody.call(Method::GET, "/v1/account", Call::empty().header("cookie", &session)).await.ok();
            assert_eq!(nobody.call(Method::POST, &path, click(&form, &asking)).await.status, 403, "once");
        })
        .await;
}

async fn state(ours: &Organization, member: &str) -> String {
    text(&ours.admin.get(&ours.at(&format!("members/{member}/invite"))).await.ok()["state"])
}

#[tokio::test]
async fn a6_an_invite_is_accepted_once_rotated_revoked_and_ends_by_itself() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let file = "first_name,last_name,email\nAda,L,ada@example.org\n";
            let path = ours.at("members/invite");
            ours.admin.call(Method::POST, &path, Call::raw("text/csv", file)).await;
            let listed = ours.admin.get(&ours.at("invites")).await.ok();
            assert_eq!(
                (&listed["items"][0]["state"], &listed["items"][0]["generation"]),
                (&json!("pending"), &json!(1))
            );
            let id = text(&listed["items"][0]["member_id"]);
            let invite = ours.at(&format!("members/{id}/invite"));
            let secret =
                |mail: &str| json!({ "invite_id": listed["items"][0]["id"], "secret": of_link(mail, "secret") });
            let nobody = world.nobody();

            let first = secret(&mail(&world, "ada@example.org", 0).await);
            ours.admin.put(&invite, json!({ "days": 1 })).await.ok();
            nobody.post(ACCEPT, first).await.problem(403, "sign-in-failed");
            let told = mail(&world, "ada@example.org", 1).await;
            let (second, page) = (secret(&told), path_of_link(&told, "/v1/invites/"));
            assert!(nobody.get(&page).await.text.contains("<form"));
            assert_eq!(state(&ours, &id).await, "pending", "looking at the page accepts nothing");
            let signed_in = nobody.post(ACCEPT, second.clone()).await.ok();
            let session = nobody.with_token(signed_in["session"]["token"].as_str());
            assert_eq!(session.get("/v1/account").await.ok()["member_id"], json!(id));
            assert_eq!(state(&ours, &id).await, "accepted");
            nobody.post(ACCEPT, second).await.problem(403, "sign-in-failed");

            ours.admin.put(&invite, json!({})).await.ok();
            let third = secret(&mail(&world, "ada@example.org", 2).await);
            ours.admin.call(Method::DELETE, &invite, Call::empty()).await.ok();
            assert_eq!(state(&ours, &id).await, "revoked");
            nobody.post(ACCEPT, third).await.problem(403, "sign-in-failed");
            ours.admin.call(Method::DELETE, &invite, Call::empty()).await.problem(404, "not-found");

            ours.admin.put(&invite, json!({})).await.ok();
            let told = mail(&world, "ada@example.org", 3).await;
            world.rows("invite").backdate("expires_at", minutes(60 * 24 * 8)).await;
            assert_eq!(state(&ours, &id).await, "expired");
            nobody.post(ACCEPT, secret(&told)).await.problem(403, "sign-in-failed");

            // The page accepts with a click.
            ours.admin.put(&invite, json!({})).await.ok();
            let told = mail(&world, "ada@example.org", 4).await;
            let form = format!("secret={}", of_link(&told, "secret"));
            let done = nobody.call(Method::POST, &path_of_link(&told, "/v1/invites/"), click(&form, "")).await;
            assert!(done.status == 200 && cookie_of(&done).starts_with("__Host-muster="), "{}", done.text);
        })
        .await;
}

#[tokio::test]
async fn a6_codes_are_bounded_by_address_of_mail() {
    World::with_api()
        .run(async |world| {
            let nobody = world.nobody();
            for nth in 0..10 {
                let email = if nth % 2 == 0 { "ada@example.org" } else { "ADA@example.org" };
                ask(&nobody, email).await;
            }
            let refused = nobody.post(ASK, json!({ "email": "ada@example.org" })).await;
            refused.problem(429, "sign-in-limit");
            let seconds: u32 = refused.header("retry-after").parse().unwrap();
            assert!((300..=360).contains(&seconds), "{seconds}");
            ask(&nobody, "grace@example.org").await;
            let buckets: String = world.row("select to_json(string_agg(b::text, ' ')) from rate_bucket b").await;
            assert!(!buckets.contains("example.org"), "{buckets}");
        })
        .await;
}
