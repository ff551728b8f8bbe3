//! Conversations by clicking: answers, tags, the profile, opt-out with undo, the next one, search
//! (rules W3, W5, W8, W9 and I3).

use muster_integration_tests::{Browser, Organization, PageSeen, World, text};
use serde_json::json;

use crate::console_texting::{MARKUP, is_escaped};

/// An agent in a browser, with contacts that have answered.
struct Desk {
    world: World,
    ours: Organization,
    browser: Browser,
    group: String,
    number: String,
    phones: Vec<String>,
}

impl Desk {
    async fn open(world: World, contacts: usize) -> Self {
        let ours = world.organization("Ours").await;
        let group = ours.group("One").await;
        let (agent, number) = ours.agent(&group).await;
        let phones = ours.contacts(&group, contacts).await;
        let responses = json!([{ "name": "Where", "script": "At the school, {{first_name}}." }]);
        let goal = ours.open_goal(&world, &group, json!({ "responses": responses })).await;
        let batch = agent.client.claim(&goal, "initial").await;
        agent.client.send(&batch).await.ok();
        world.messages().state("delivered").until(rows(contacts)).await;
        let browser = world.signed_in(&agent.id).await;
        Self { world, ours, browser, group, number, phones }
    }

    /// Lets contacts write, and claims their conversations; returns the first one's page.
    async fn written(&self, words: &[&str]) -> PageSeen {
        for (phone, words) in self.phones.iter().zip(words) {
            self.world.text(phone, &self.number, words).await;
        }
        self.world.threads().has("unread_since").until(rows(words.len())).await;
        let claimed = self.browser.post(&format!("/text/groups/{}/replies", self.group), &[]).await;
        assert_eq!(claimed.location(), "/text/replies");
        let led = self.browser.follow(&claimed).await;
        self.browser.follow(&led).await
    }
}

fn rows(number: usize) -> i64 {
    i64::try_from(number).unwrap()
}

/// Returns the address of a conversation's page.
fn place(page: &PageSeen) -> String {
    page.request.strip_prefix("GET ").unwrap().to_owned()
}

#[tokio::test]
async fn w9_an_agent_answers_with_a_script_records_a_yes_and_goes_on_to_the_next() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world, 2).await;
            let page = desk.written(&["Yes! Where is it?", MARKUP]).await;
            page.says("Yes! Where is it?").says("At the school, Ada0.").says("Next (1 more)");
            let first = place(&page);
            let said = desk.browser.post(&format!("{first}/answer"), &[("answer", "yes")]).await;
            desk.browser.follow(&said).await.says("Recorded: yes.");

            let fields = [("text", "At the school, Ada0."), ("key", &page.field("key"))];
            for _ in 0..2 {
                assert_eq!(desk.browser.script(&format!("{first}/reply"), &fields).await.status, 200);
            }
            desk.world.messages().kind("reply").state("delivered").until(1).await;
            let next = desk.browser.get(&format!("/text/replies?after={}", first.rsplit('/').next().unwrap())).await;
            let second = desk.browser.follow(&next).await;
            assert_ne!(place(&second), first);
            is_escaped(&second);
            let empty = desk.browser.post(&format!("{}/reply", place(&second)), &[("text", " ")]).await;
            desk.browser.follow(&empty).await.says("Please correct this");
            let done = desk.browser.post(&format!("{}/done", place(&second)), &[]).await;
            let over = desk.browser.follow(&done).await;
            desk.browser.follow(&over).await.says("Every reply in your hand is answered.");
        })
        .await;
}

#[tokio::test]
async fn w9_tags_the_profile_more_time_and_giving_back_are_a_click_each() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world, 2).await;
            let (group, phone, other) = (&desk.group, &desk.phones[0], &desk.phones[1]);
            // Another contact keeps the tag, so that agents can set it still.
            let rows = format!("Ada0,Lovelace,{phone},5,runner\nAda1,Lovelace,{other},5,runner\n");
            let file = format!("first,last,phone,ward,tags\n{rows}");
            desk.ours.import(&format!("file_name=t.csv&group_id={group}"), file).await;
            let page = desk.written(&["Hello"]).await;
            page.says("runner").says("name=\"field.ward\" value=\"5\"");
            let here = place(&page);
            let taken = desk.browser.post(&format!("{here}/untag"), &[("tag_id", &page.field("tag_id"))]).await;
            let page = desk.browser.follow(&taken).await;
            page.says("The tag is gone.");
            let tags = desk.ours.admin.get(&desk.ours.at("tags")).await.ok();
            let tag = text(&tags["items"][0]["id"]);
            let given = desk.browser.post(&format!("{here}/tags"), &[("tag_id", &tag)]).await;
            desk.browser.follow(&given).await.says("The tag is set.");

            let fields = [
                ("first_name", MARKUP),
                ("last_name", "L"),
                ("email", ""),
                ("postal_code", "10001"),
                ("field.ward", "6"),
            ];
            let saved = desk.browser.post(&format!("{here}/contact"), &fields).await;
            let page = desk.browser.follow(&saved).await;
            page.says("The profile is saved.").says("value=\"10001\"").says("name=\"field.ward\" value=\"6\"");
            is_escaped(&page);
            is_escaped(&desk.browser.get("/text/conversations").await);
            is_escaped(&desk.browser.get("/text/conversations?search=alert").await);

            let more = desk.browser.post(&format!("{here}/extend"), &[]).await;
            desk.browser.follow(&more).await.says("You have more time.");
            let back = desk.browser.post(&format!("{here}/release"), &[]).await;
            desk.browser.follow(&back).await;
            let page = desk.browser.get(&here).await;
            assert!(!page.text.contains("/extend"), "it is not in hand: {}", page.text);
        })
        .await;
}

#[tokio::test]
async fn i3_an_opt_out_holds_and_can_be_undone_for_half_a_minute() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world, 1).await;
            let page = desk.written(&["I am busy"]).await;
            let here = place(&page);
            let stopped = desk.browser.post(&format!("{here}/opt-out"), &[]).await;
            let shown = desk.browser.follow(&stopped).await;
            shown.says("No more texts to this person").says("Undo");
            assert_eq!(desk.browser.get(&here).await.status, 404, "it is hidden");
            let refused = desk.browser.script(&format!("{here}/reply"), &[("text", "But why?")]).await;
            assert_eq!(refused.status, 409);
            let undone = desk.browser.post(&format!("{here}/opt-out/undo"), &[]).await;
            desk.browser.follow(&undone).await.says("It is undone").says("I am busy");
            // Once more is too late: nothing is to be undone.
            let late = desk.browser.post(&format!("{here}/opt-out/undo"), &[]).await;
            desk.browser.follow(&late).await.says("It stands");
        })
        .await;
}

#[tokio::test]
async fn w9_conversations_are_found_by_state_and_words() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world, 3).await;
            desk.written(&["The bus is late"]).await;
            let list = async |query: &str| desk.browser.get(&format!("/text/conversations?{query}")).await;
            let all = list("").await;
            all.says("Ada0 Lovelace").says("Ada2 Lovelace").says("waits for an answer");
            let found = list("search=bus+late").await;
            found.says("Ada0 Lovelace");
            assert!(!found.text.contains("Ada1 Lovelace"));
            let held = list("state=held").await;
            assert!(held.text.contains("Ada0") && !held.text.contains("Ada1"));
            list("search=nothing+like+that").await.says("No conversation is like that.");
            let refused = list("search=a&cursor=x").await;
            refused.says("Please correct this");
        })
        .await;
}

#[tokio::test]
async fn w9_an_agent_keeps_answers_of_their_own() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            let browser = world.signed_in(&agent.id).await;
            let added = browser.post("/text/scripts", &[("name", "Thanks"), ("script", MARKUP)]).await;
            let page = browser.follow(&added).await;
            page.says("Your answer is saved.").says("Thanks");
            is_escaped(&page);
            let refused = browser.post("/text/scripts", &[("name", "Odd"), ("script", "Hi {{nothing}}")]).await;
            assert_eq!(refused.status, 422);
            refused.says("Please correct this").says("value=\"Odd\"");

            let id = text(&agent.client.get("/v1/agent/scripts").await.ok()[0]["id"]);
            let place = format!("/text/scripts/{id}");
            let shown = browser.get(&place).await;
            let etag = shown.field("etag").replace("&#34;", "\"");
            let edit = async |words: &str| {
                browser.post(&place, &[("name", "Thanks"), ("script", words), ("etag", &etag)]).await
            };
            assert_eq!(edit("Thank you!").await.location(), "/text/scripts");
            let late = edit("Thanks a lot").await;
            assert_eq!(late.status, 412);
            late.says("Somebody else has edited it meanwhile.").says("Thanks a lot");
            let deleted = browser.post(&format!("{place}/delete"), &[]).await;
            browser.follow(&deleted).await.says("You have none yet.");
        })
        .await;
}
