//! An agent's shift by clicking: the work, first texts one after another, and the live page
//! (rules B3 to B7 and W9).

use muster_integration_tests::{Browser, PageSeen, World, minutes, seconds, text};
use reqwest::Method;
use serde_json::{Value, json};

/// Markup that must never be read as such.
pub(crate) const MARKUP: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";

/// Judges that a page has a text of a person as a text.
#[track_caller]
pub(crate) fn is_escaped(page: &PageSeen) {
    assert!(page.text.contains("alert(1)"), "{} does not have it", page.request);
    for markup in ["<script>alert", "<img", "\"'>"] {
        assert!(!page.text.contains(markup), "{} has {markup}", page.request);
    }
}

/// An agent in a browser, with an open goal and so many contacts.
struct Shift {
    world: World,
    ours: muster_integration_tests::Organization,
    browser: Browser,
    goal: String,
}

impl Shift {
    async fn begin(world: World, contacts: usize, settings: Value, more: Value) -> Self {
        let ours = world.organization("Ours").await;
        ours.set(settings).await;
        let group = ours.group("One").await;
        let (agent, _) = ours.agent(&group).await;
        ours.contacts(&group, contacts).await;
        let goal = ours.open_goal(&world, &group, more).await;
        let browser = world.signed_in(&agent.id).await;
        Self { world, ours, browser, goal }
    }

    fn place(&self) -> String {
        format!("/text/goals/{}/initial", self.goal)
    }

    /// Claims a batch; returns its page.
    async fn claim(&self) -> PageSeen {
        let claimed = self.browser.post(&self.place(), &[]).await;
        assert_eq!(claimed.location(), self.place());
        self.browser.follow(&claimed).await
    }
}

/// Returns the action of a page's first form that sends a text.
fn send_action(page: &PageSeen) -> String {
    let (_, rest) = page.text.split_once("action=\"/text/batches/").unwrap();
    format!("/text/batches/{}", rest.split('"').next().unwrap())
}

#[tokio::test]
async fn w9_an_agent_sees_the_work_claims_it_and_texts_one_contact_after_the_other() {
    World::with_engine()
        .run(async |world| {
            let more = json!({ "name": MARKUP, "instructions": MARKUP });
            let shift = Shift::begin(world, 3, json!({}), more).await;
            let work = shift.browser.get("/text").await;
            work.says("3 contacts left").says("Start texting").says("data-events=\"/text/events\"");
            is_escaped(&work);
            // A look claims nothing.
            assert_eq!(shift.browser.get(&shift.place()).await.location(), "/text");
            assert_eq!(shift.world.batches().state("leased").count().await, 0);

            let page = shift.claim().await;
            page.says("Hi Ada0! Reply STOP to opt out").says("Hi Ada2! Reply STOP to opt out");
            is_escaped(&page);
            assert!(!page.text.contains("data-part=\"edited\""), "the organization does not allow edits");
            let (action, token, key) = (send_action(&page), page.field("lease_token"), page.field("key"));
            let fields = [("lease_token", token.as_str()), ("key", &key)];
            // A script that lost the network asks again with its key.
            for _ in 0..2 {
                let sent = shift.browser.script(&action, &fields).await;
                assert_eq!(sent.status, 200, "{}", sent.text);
                assert_eq!(serde_json::from_str::<Value>(&sent.text).unwrap()["queued"], true);
            }
            assert_eq!(shift.world.messages().count().await, 1);

            // Without a script the form leads to the next contact.
            let page = shift.browser.get(&shift.place()).await;
            let fields = [("lease_token", token.as_str()), ("goal_id", &shift.goal), ("workflow", "initial")];
            let sent = shift.browser.post(&send_action(&page), &fields).await;
            let page = shift.browser.follow(&sent).await;
            page.says("Hi Ada2!");
            let skip = [("lease_token", token.as_str()), ("contact_id", &page.field("contact_id"))];
            let (before, _) = action.split_once("/contacts").unwrap();
            let skipped = shift.browser.script(&format!("{before}/skip"), &skip).await;
            skipped.says("\"batch_finished\":true");
            shift.world.messages().state("delivered").until(2).await;
            assert_eq!(shift.browser.get(&shift.place()).await.location(), "/text");
            shift.browser.get("/text").await.says("All of these are texted.").says("nothing is left for you");
        })
        .await;
}

#[tokio::test]
async fn w9_an_edited_initial_is_shown_with_its_segments_and_sent() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world, 1, json!({ "agents_edit_initials": true }), json!({})).await;
            let page = shift.claim().await;
            page.says("data-part=\"edited\"");
            let (action, token, contact) = (send_action(&page), page.field("lease_token"), page.field("contact_id"));
            let (before, _) = action.split_once("/contacts").unwrap();
            let words = async |text: &str| {
                let fields = [("lease_token", token.as_str()), ("contact_id", &contact), ("text", text)];
                shift.browser.script(&format!("{before}/preview"), &fields).await
            };
            words("Hello, {{first_name}}! Reply STOP to quit").await.says("Hello, Ada0!").says("\"segments\":1");
            let refused = words("Hello, no way out").await;
            assert_eq!(refused.status, 422);
            refused.says("Please correct this");
            let fields = [("lease_token", token.as_str()), ("text", "Hello, Ada! Reply STOP to quit")];
            shift.browser.script(&action, &fields).await.says("\"edited\":true");
            shift.world.messages().is("body", "Hello, Ada! Reply STOP to quit").until(1).await;
        })
        .await;
}

#[tokio::test]
async fn b3_a_lease_that_is_over_is_said_in_words_and_nothing_is_sent() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world, 2, json!({}), json!({})).await;
            let page = shift.claim().await;
            let (action, token) = (send_action(&page), page.field("lease_token"));
            let stale = shift.browser.script(&action, &[("lease_token", "0")]).await;
            assert_eq!(stale.status, 409);
            stale.says("\"word\":\"lease-stale\"").says("These contacts are another agent's by now.");
            shift.world.batches().state("leased").backdate("lease_expires_at", minutes(61)).await;
            let over = shift.browser.script(&action, &[("lease_token", token.as_str())]).await;
            over.says("\"sentence\":\"Your time for these contacts is over");
            let (before, _) = action.split_once("/contacts").unwrap();
            let back = shift.browser.post(&format!("{before}/return"), &[("lease_token", token.as_str())]).await;
            assert_eq!(back.location(), "/text");
            assert_eq!(shift.world.messages().count().await, 0);
        })
        .await;
}

#[tokio::test]
async fn b5_a_batch_is_handed_back() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world, 2, json!({}), json!({})).await;
            let page = shift.claim().await;
            let (before, _) =
                send_action(&page).split_once("/contacts").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
            let token = page.field("lease_token");
            let back = shift.browser.post(&format!("{before}/return"), &[("lease_token", &token)]).await;
            shift.browser.follow(&back).await.says("The rest is handed back.").says("2 contacts left");
            shift.ours.goal_act(&shift.goal, "pause").await;
            let refused = shift.browser.post(&shift.place(), &[]).await;
            shift.browser.follow(&refused).await.says("That is not possible now").says("An admin has paused this.");
        })
        .await;
}

/// Reads an event stream until it has some words, or to its end.
async fn read_until(response: &mut reqwest::Response, words: &str) -> String {
    let mut seen = String::new();
    let read = async {
        while !seen.contains(words) {
            match response.chunk().await.unwrap() {
                Some(chunk) => seen.push_str(&String::from_utf8_lossy(&chunk)),
                None => break,
            }
        }
    };
    tokio::time::timeout(seconds(40), read).await.unwrap_or_else(|_| panic!("{words} did not come"));
    seen
}

#[tokio::test]
async fn a6_the_tabs_one_stream_has_parts_of_the_page_and_ends_with_the_session() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world, 2, json!({}), json!({ "name": MARKUP })).await;
            let follow = async |browser: &Browser| {
                let response = browser.request(Method::GET, "/text/events").send().await.unwrap();
                assert_eq!(response.headers()["content-type"], "text/event-stream");
                assert_eq!(response.headers()["cache-control"], "no-store");
                response
            };
            let mut stream = follow(&shift.browser).await;
            let first = read_until(&mut stream, "Start texting").await;
            assert!(first.starts_with("event: parts\ndata: ") && first.contains("id=\"work\""), "{first}");
            assert!(!first.contains("<script>alert"), "{first}");
            shift.ours.goal_act(&shift.goal, "pause").await;
            read_until(&mut stream, "An admin has paused this.").await;
            shift.world.execute(&["update session set ended_at = now()"]).await;
            read_until(&mut stream, "event: end").await;
            // A tab that asks again without a session is told that it is over.
            let mut over = follow(&shift.browser).await;
            assert_eq!(read_until(&mut over, "event: end").await, "event: end\ndata: \n\n");
        })
        .await;
}

#[tokio::test]
async fn the_streams_of_tabs_end_when_the_api_stops() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world, 1, json!({}), json!({})).await;
            let mut stream = shift.browser.request(Method::GET, "/text/events").send().await.unwrap();
            read_until(&mut stream, "Start texting").await;
            shift.world.stop_api().await;
            read_until(&mut stream, "never").await;
        })
        .await;
}

#[tokio::test]
async fn a5_agents_of_others_see_and_text_nothing_here() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world, 1, json!({}), json!({})).await;
            let page = shift.claim().await;
            let theirs = shift.world.organization("Theirs").await;
            let group = theirs.group("One").await;
            let (stranger, _) = theirs.agent(&group).await;
            let stranger = shift.world.signed_in(&stranger.id).await;
            assert_eq!(stranger.get(&shift.place()).await.status, 404);
            assert_eq!(stranger.post(&shift.place(), &[]).await.status, 404);
            let token = page.field("lease_token");
            let sent = stranger.script(&send_action(&page), &[("lease_token", token.as_str())]).await;
            assert_eq!(sent.status, 404, "{}", sent.text);
            assert_eq!(shift.world.messages().count().await, 0);
            assert_eq!(text(&shift.ours.goal(&shift.goal).await["id"]), shift.goal);
        })
        .await;
}
