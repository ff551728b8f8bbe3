//! The web console's frame: its operations, the headers of its answers, changes from other sites'
//! pages, other sites in addresses, failures as pages, operators' sign-in (rules A5 and A6).

use muster_integration_tests::{Browser, DOCUMENT, PageSeen, World, text};
use reqwest::Method;

const POLICY: [&str; 8] = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
];

/// Judges the headers of an answer.
#[track_caller]
fn is_safe(page: &PageSeen) {
    let policy: Vec<_> = page.header("content-security-policy").split(';').map(str::trim).collect();
    assert_eq!(policy, POLICY, "{}", page.request);
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(page.header(name), value, "{}: {name}", page.request);
    }
    let is_asset = page.request.contains("/assets/") && page.status == 200;
    let kept = if is_asset { "public, max-age=31536000, immutable" } else { "no-store" };
    assert_eq!(page.header("cache-control"), kept, "{}", page.request);
    for inline in ["<script>", " style=", " onclick=", "javascript:", "<style"] {
        assert!(!page.header("content-type").starts_with("text/html") || !page.text.contains(inline), "{inline}");
    }
}

#[test]
fn a5_the_console_uses_no_operation_that_the_document_does_not_list() {
    let unlisted: Vec<_> = muster_console::operations()
        .filter(|(method, path)| DOCUMENT.0["paths"][path][method.to_lowercase()].is_null())
        .collect();
    assert!(unlisted.is_empty(), "{unlisted:?}");
    assert!(muster_console::operations().count() > 30);
}

#[tokio::test]
async fn a5_no_answer_of_the_console_allows_more_than_its_own_files() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            let browser = world.signed_in(&agent.id).await;
            for path in [
                "/",
                "/sign-in",
                "/sign-in/code?id=1",
                "/text",
                "/text/conversations",
                "/text/nothing/here",
                "/app",
                "/operator",
                "/operator/sign-in",
                "/assets/none.js",
                "/docs",
                "/docs/operations/create_tag",
            ] {
                is_safe(&browser.get(path).await);
            }
            is_safe(&browser.post("/language", &[("language", "es")]).await);
            is_safe(&browser.ask(browser.form("/sign-out", &[]).header("sec-fetch-site", "cross-site")).await);
        })
        .await;
}

#[tokio::test]
async fn assets_are_named_by_their_contents_and_kept() {
    World::with_api()
        .run(async |world| {
            let browser = world.browser();
            let page = browser.get("/sign-in").await;
            let addresses: Vec<&str> = page.text.split('"').filter(|part| part.starts_with("/assets/")).collect();
            assert_eq!(addresses.len(), 3, "a style sheet, an icon and a script: {addresses:?}");
            for address in addresses {
                let plain = browser.get(address).await;
                assert_eq!(plain.status, 200);
                is_safe(&plain);
                let packed = browser.request(Method::GET, address).header("accept-encoding", "gzip");
                assert_eq!(browser.ask(packed).await.header("content-encoding"), "gzip");
            }
            assert_eq!(browser.get("/assets/console-0000000000000000.css").await.status, 404);
        })
        .await;
}

#[tokio::test]
async fn a6_a_change_that_another_sites_page_asks_for_is_refused_and_changes_nothing() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            let browser = world.signed_in(&agent.id).await;
            let operator = world.operator("act").await;
            browser.set_cookie("__Host-muster-operator", operator.token().unwrap());
            let before = world.contents().await;
            let nil = "00000000-0000-0000-0000-000000000000";
            let thread = format!("/text/conversations/{nil}");
            for path in [
                "/sign-in".to_owned(),
                "/sign-in/code".to_owned(),
                "/sign-out".to_owned(),
                "/language".to_owned(),
                "/operator/sign-in".to_owned(),
                "/operator/sign-out".to_owned(),
                format!("/text/groups/{group}/replies"),
                format!("/text/goals/{nil}/initial"),
                format!("{thread}/reply"),
                format!("{thread}/opt-out"),
            ] {
                for (name, value) in [
                    ("sec-fetch-site", "cross-site"),
                    ("sec-fetch-site", "same-site"),
                    ("sec-fetch-site", "none"),
                    ("origin", "https://evil.example"),
                    ("origin", "null"),
                    ("x-nothing", "no word of the browser"),
                ] {
                    let form = browser.form(&path, &[("email", "ada@example.org"), ("language", "es")]);
                    let refused = browser.ask(form.header(name, value)).await;
                    assert_eq!(refused.status, 403, "{path} with {name}: {value}");
                    assert!(refused.headers.get("set-cookie").is_none(), "{path}");
                    refused.says("another site");
                }
            }
            assert_eq!(world.contents().await, before);
            browser.get("/text").await.shown();
        })
        .await;
}

#[tokio::test]
async fn a6_no_address_leads_to_another_site() {
    World::with_api()
        .run(async |world| {
            let browser = world.browser();
            for other in
                ["https://evil.example", "//evil.example", "/\\evil.example", "/text//evil.example", "/sign-out"]
            {
                let query = serde_urlencoded::to_string([("next", other)]).unwrap();
                assert_eq!(browser.get(&format!("/sign-in?{query}")).await.field("next"), "", "{other}");
                assert_eq!(browser.get(&format!("/operator/sign-in?{query}")).await.field("next"), "");
                let chosen = browser.post("/language", &[("language", "es"), ("next", other)]).await;
                assert_eq!(chosen.location(), "/sign-in", "{other}");
            }
            assert_eq!(browser.get("/sign-in?next=%2Ftext%2Fconversations").await.field("next"), "/text/conversations");
        })
        .await;
}

#[tokio::test]
async fn a5_a_failure_is_a_page_and_an_end_of_the_session_leads_to_sign_in_and_back() {
    World::with_api()
        .run(async |world| {
            let stranger = world.browser();
            assert_eq!(stranger.get("/").await.location(), "/sign-in");
            let led = stranger.get("/text/conversations?state=held").await.location();
            assert_eq!(led, "/sign-in?next=%2Ftext%2Fconversations%3Fstate%3Dheld");
            assert_eq!(stranger.get("/app").await.location(), "/sign-in?next=%2Fapp");
            // htmx is led by a header of its own, so that sign-in lands in no part of a page.
            let part = stranger.request(Method::GET, "/app").header("hx-request", "true");
            let part = stranger.ask(part).await;
            assert_eq!((part.status, part.header("hx-redirect")), (200, "/sign-in?next=%2Fapp"));

            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            let browser = world.signed_in(&agent.id).await;
            assert_eq!(browser.get("/").await.location(), "/text");
            let forbidden = browser.get("/app").await;
            assert_eq!(forbidden.status, 403);
            forbidden.says("This is not for you").says("Your role does not allow this.");
            for path in
                ["/text/none", "/text/conversations/00000000-0000-0000-0000-000000000000", "/text/conversations/x"]
            {
                let nothing = browser.get(path).await;
                assert!(matches!(nothing.status, 400 | 404), "{path}: {}", nothing.status);
                nothing.says("<h1>").says("Go to the first page");
            }
            // A script of a page is told by JSON.
            let told = browser
                .script("/text/conversations/00000000-0000-0000-0000-000000000000/reply", &[("text", "a")])
                .await;
            assert_eq!((told.status, told.header("content-type")), (404, "application/json"));
            told.says(r#""word":"not-found""#);

            let admin = world.signed_in(&ours.member("organization_admin").await.id).await;
            assert_eq!(admin.get("/").await.location(), "/app");
            admin.get("/app").await.says("Ours");
            assert_eq!(admin.get("/text").await.status, 403);
        })
        .await;
}

#[tokio::test]
async fn pages_speak_the_readers_language_and_keep_a_choice() {
    World::with_api()
        .run(async |world| {
            let browser = world.browser();
            let wishes = async |wish: &str| {
                browser.ask(browser.request(Method::GET, "/sign-in").header("accept-language", wish)).await
            };
            wishes("de").await.says("<html lang=\"en\">").says("E-mail address");
            wishes("es-MX,en;q=0.5").await.says("<html lang=\"es\">").says("Correo electrónico");
            browser.post("/language", &[("language", "en"), ("next", "/text")]).await;
            wishes("es-MX,en;q=0.5").await.says("<html lang=\"en\">");
        })
        .await;
}

/// Signs an operator in.
async fn enter(browser: &Browser, token: &str) -> PageSeen {
    browser.post("/operator/sign-in", &[("token", token), ("next", "/operator")]).await
}

#[tokio::test]
async fn a5_an_operators_token_is_in_a_cookie_that_the_console_alone_reads() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let browser = world.browser();
            assert_eq!(browser.get("/operator").await.location(), "/operator/sign-in?next=%2Foperator");
            let unknown = "muster_operator_00000000000000000000000000000000";
            for refused in ["", unknown, ours.admin.token().unwrap(), "muster_operator_a; Path=/x"] {
                let answer = enter(&browser, refused).await;
                assert_eq!((answer.status, answer.headers.get("set-cookie").is_none()), (403, true), "{refused}");
                answer.says("This is not the token of an operator");
            }
            let operator = world.operator("read").await;
            let token = operator.token().unwrap();
            let entered = enter(&browser, token).await;
            assert_eq!(entered.location(), "/operator");
            let cookie = entered.header("set-cookie");
            let wanted =
                format!("__Host-muster-operator={token}; Max-Age=43200; Path=/; Secure; HttpOnly; SameSite=Strict");
            assert_eq!(cookie, wanted);
            browser.get("/operator").await.says("Overview").says("looks");

            // The api itself takes it from no cookie, and members' pages do not use it.
            for path in ["/v1/operator/me", "/v1/account"] {
                assert_eq!(browser.get(path).await.status, 401, "{path}");
            }
            assert_eq!(browser.get("/text").await.location(), "/sign-in?next=%2Ftext");
            // A member's session opens no page of operators.
            let member = world.signed_in(&ours.member("organization_admin").await.id).await;
            assert_eq!(member.get("/operator").await.location(), "/operator/sign-in?next=%2Foperator");

            world.execute(&["update operator set ended_at = now()"]).await;
            assert_eq!(browser.get("/operator").await.location(), "/operator/sign-in?next=%2Foperator");
            browser.post("/operator/sign-out", &[]).await.location();
            assert_eq!(browser.cookie("__Host-muster-operator"), None);
        })
        .await;
}

#[tokio::test]
async fn a6_a_members_token_in_the_place_of_a_session_opens_nothing() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let browser = world.browser();
            browser.set_cookie("__Host-muster", ours.admin.token().unwrap());
            assert_eq!(browser.get("/app").await.location(), "/sign-in?next=%2Fapp");
            let header = browser.request(Method::GET, "/app");
            let header = header.header("authorization", format!("Bearer {}", ours.admin.token().unwrap()));
            assert_eq!(browser.ask(header).await.location(), "/sign-in?next=%2Fapp");
            assert_eq!(text(&ours.admin.get("/v1/account").await.ok()["role"]), "account_admin");
        })
        .await;
}
