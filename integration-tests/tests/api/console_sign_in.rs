//! Sign-in by clicking: the code of a mail, the choice of a member, and out again (rule A6).

use muster_integration_tests::{Browser, PageSeen, World, text};
use serde_json::json;

use crate::sign_in::{mail, of_link};

const SESSION: &str = "__Host-muster";

/// Asks for a code, and returns the page that wants it.
async fn ask(browser: &Browser, email: &str, next: &str) -> PageSeen {
    let sent = browser.post("/sign-in", &[("email", email), ("next", next)]).await;
    browser.follow(&sent).await
}

async fn enter(browser: &Browser, page: &PageSeen, code: &str) -> PageSeen {
    let (id, next) = (page.field("id"), page.field("next"));
    browser.post("/sign-in/code", &[("id", &id), ("next", &next), ("code", code)]).await
}

#[tokio::test]
async fn a6_a_member_signs_in_with_a_code_and_out_again() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let body = json!({ "role": "agent", "first_name": "Ada", "last_name": "L", "email": "ada@example.org" });
            ours.admin.post(&ours.at("members"), body).await.ok();
            let browser = world.browser();
            // A session that somebody has planted is not taken over.
            browser.set_cookie(SESSION, "muster_session_planted");
            let page = ask(&browser, "ada@example.org", "/text/conversations").await;
            page.says("Enter the code");
            let code = of_link(&mail(&world, "ada@example.org", 0).await, "code");

            let wrong = enter(&browser, &page, "BCDF2345").await;
            assert_eq!(wrong.status, 403);
            wrong.says("The code is not the right one").says("name=\"code\"");
            // Another browser knows the id and the code, and has not asked for it.
            let thief = world.browser();
            assert_eq!(enter(&thief, &page, &code).await.status, 403);
            assert_eq!(thief.cookie(SESSION), None);

            let entered = enter(&browser, &page, &code).await;
            assert_eq!(entered.location(), "/text/conversations");
            let secret = browser.cookie(SESSION).unwrap();
            assert!(secret.starts_with("muster_session_") && secret != "muster_session_planted");
            let set = entered.headers.get_all("set-cookie").iter().find_map(|cookie| {
                let cookie = cookie.to_str().unwrap();
                cookie.starts_with("__Host-muster=").then_some(cookie)
            });
            assert!(set.unwrap().ends_with("Path=/; Secure; HttpOnly; SameSite=Lax"), "{set:?}");
            browser.get("/text").await.says("To do");

            assert_eq!(browser.post("/sign-out", &[]).await.location(), "/sign-in");
            assert_eq!(browser.cookie(SESSION), None);
            browser.get("/sign-in").await.says("You are signed out.");
            // The session itself is over, and not its cookie alone.
            browser.set_cookie(SESSION, &secret);
            assert_eq!(browser.get("/text").await.location(), "/sign-in?next=%2Ftext");
        })
        .await;
}

#[tokio::test]
async fn a6_a_person_that_is_several_members_chooses_one() {
    World::with_engine()
        .run(async |world| {
            let (ours, theirs) = (world.organization("Ours").await, world.organization("<b>Theirs</b>").await);
            let mut ids = Vec::new();
            for (organization, role) in [(&ours, "agent"), (&theirs, "group_admin")] {
                let body = json!({ "role": role, "first_name": "Ada", "last_name": "L", "email": "ada@example.org" });
                ids.push(text(&organization.admin.post(&organization.at("members"), body).await.ok()["id"]));
            }
            let browser = world.browser();
            let page = ask(&browser, "ada@example.org", "").await;
            let code = of_link(&mail(&world, "ada@example.org", 0).await, "code");
            let choice = enter(&browser, &page, &code).await;
            choice.shown();
            choice.says("Where do you want to sign in?").says(&ids[0]).says(&ids[1]);
            assert!(!choice.text.contains("<b>Theirs"), "names are escaped");
            let (id, code) = (choice.field("id"), choice.field("code"));
            let fields = [("id", id.as_str()), ("code", &code), ("member_id", &ids[1])];
            assert_eq!(browser.post("/sign-in/code", &fields).await.location(), "/");
            assert_eq!(browser.get("/").await.location(), "/app");
        })
        .await;
}

#[tokio::test]
async fn a6_an_address_that_nobody_has_is_answered_like_any_other() {
    World::with_api()
        .run(async |world| {
            let browser = world.browser();
            ask(&browser, "nobody@example.org", "").await.says("Enter the code");
            let bad = browser.post("/sign-in", &[("email", " ")]).await;
            assert_eq!(bad.status, 422);
            bad.says("Please correct this").says("name=\"email\"");
            // A provider is asked for by its account, and one without says so.
            let account = "00000000-0000-0000-0000-000000000000";
            let page = browser.get(&format!("/sign-in?account={account}")).await;
            page.says("Sign in with your organization");
            assert_eq!(browser.post("/sign-in/provider", &[("account", account)]).await.status, 403);
        })
        .await;
}
