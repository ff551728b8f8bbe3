//! Admins' pages of the console, on the server: an import, a goal from its first step to its
//! figures, stopping texts, and why somebody was not texted (rules C7, G2, G4, R2, T3).

use chrono::TimeDelta;
use muster_integration_tests::{Browser, Organization, PageSeen, World, open_goal};
use reqwest::Method;
use serde_json::json;

const FILE: &str =
    "First Name,Last Name,Cell Phone,Ward\r\nAda,Lee,(646) 555-0001,7\r\nBen,Ray,6465550002,8\r\nCyd,Poe,12,9\r\n";

/// Sends a form with a file, as a page of this origin does.
async fn upload(browser: &Browser, path: &str, fields: &[(&str, &str)], file: &str) -> PageSeen {
    let part = |(name, value): &(&str, &str)| {
        format!("--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let head = "Content-Disposition: form-data; name=\"file\"; filename=\"people.csv\"\r\nContent-Type: text/csv";
    let body: String = fields.iter().map(part).collect();
    let body = format!("{body}--b0undary\r\n{head}\r\n\r\n{file}\r\n--b0undary--\r\n");
    let request = browser.request(Method::POST, path).header("sec-fetch-site", "same-origin");
    browser.ask(request.header("content-type", "multipart/form-data; boundary=b0undary").body(body)).await
}

/// Imports the file into a group by the console, and waits until it is over.
async fn imported(world: &World, browser: &Browser, ours: &Organization, group: &str) -> String {
    let at = format!("/app/o/{}", ours.id);
    browser.get(&format!("{at}/imports/new")).await.says("The file");
    let made = upload(browser, &format!("{at}/imports"), &[("group_id", group), ("tags", "walker")], FILE).await;
    let page = made.location();
    let id = page.rsplit('/').next().unwrap().to_owned();
    world.rows("import").is("id", &id).is("state", "succeeded").until(1).await;
    page
}

#[tokio::test]
async fn c7_a_file_is_looked_at_imported_and_its_rows_are_told_in_words() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let admin = world.signed_in(&ours.member("organization_admin").await.id).await;
            let at = format!("/app/o/{}", ours.id);
            let look = upload(&admin, &format!("{at}/imports/look"), &[], FILE).await;
            look.says("What the columns mean").says("Cell Phone").says("(646) 555-0001").says("Not a phone number");
            let bad = upload(&admin, &format!("{at}/imports/look"), &[], "nothing here\r\n").await;
            bad.says("This file cannot be imported");
            let chosen = admin
                .post(
                    &format!("{at}/imports/mapping"),
                    &[("head.0", "Ward"), ("map.0", "ignore"), ("head.1", "a\"b"), ("map.1", "notes")],
                )
                .await;
            chosen.says("&#34;Ward&#34;:&#34;ignore&#34;");

            let page = imported(&world, &admin, &ours, &group).await;
            let page = admin.get(&page).await;
            page.says("New people").says("Not a phone number").says("It has ten digits.").says("rejects.csv");
            page.says("Start a goal with these people");
            let rejects = admin
                .get(&format!(
                    "/v1/organizations/{}/imports/{}/rejects.csv",
                    ours.id,
                    page.request.rsplit('/').next().unwrap()
                ))
                .await;
            assert_eq!(rejects.status, 200, "{}", rejects.text);
            let none = upload(&admin, &format!("{at}/imports"), &[("group_id", &group)], "").await;
            assert!(none.status == 422 || none.status == 400, "{}", none.status);
        })
        .await;
}

const SCRIPT: &str = "Hi {{first_name|there}}, can you come on {{goal.date}}? Reply STOP to end texts";

/// Takes the first step of a goal; returns the address of its other steps, with its page of people.
async fn first_step(browser: &Browser, at: &str, group: &str) -> (String, PageSeen) {
    let first = [
        ("name", "Vote <plan>"),
        ("group_id", group),
        ("goal_type", "event"),
        ("date", "2027-11-02"),
        ("time", "18:30"),
    ];
    let who = browser.follow(&browser.post(&format!("{at}/goals/new"), &first).await).await;
    let goal = who.request.split('/').nth_back(1).unwrap();
    (format!("{at}/goals/{goal}"), who)
}

#[tokio::test]
async fn t3_a_goals_form_saves_its_draft_step_by_step_and_shows_what_that_means() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let admin = world.signed_in(&ours.member("organization_admin").await.id).await;
            let at = format!("/app/o/{}", ours.id);
            admin.get(&at).await.says("First steps").says("Import people");
            imported(&world, &admin, &ours, &group).await;

            // The fault of a form stands beside its field.
            let nameless = [("group_id", group.as_str()), ("goal_type", "turnout"), ("date", "2027-11-02")];
            let wrong = admin.post(&format!("{at}/goals/new"), &nameless).await;
            assert_eq!(wrong.status, 422);
            wrong.says("aria-invalid=\"true\"").says("goal-name-error");
            let (steps, who) = first_step(&admin, &at, &group).await;
            who.says("Vote &#60;plan&#62;");
            assert!(!who.text.contains("would be texted"), "the count comes after the page");
            admin.with_parts(&who).await.says("2 people would be texted");

            // The part of the page that follows the form while it is filled.
            let look = admin.post(&format!("{steps}/who/look"), &[("tags_all", "walker")]).await;
            look.says("2 people would be texted").says("hx-swap-oob");
            let none = admin.post(&format!("{steps}/who/look"), &[("tags_all", "nobody has this")]).await;
            none.says("Not quite yet");
            let version = admin.get(&format!("{steps}/who")).await.field("version");
            let next = admin.post(&format!("{steps}/who"), &[("version", &version), ("tags_all", "walker")]).await;
            admin.follow(&next).await.says("First text");
            let shown = admin.post(&format!("{steps}/words/look"), &[("script", SCRIPT)]).await;
            shown.says("Hi Ada, can you come on").says("1 part");
            let bad = admin.post(&format!("{steps}/words"), &[("script", "Hi {{nickname}}")]).await;
            assert_eq!(bad.status, 422);
            bad.says("words-script-error").says("Hi {{nickname}}");
            let stale = admin.post(&format!("{steps}/words"), &[("version", "0"), ("script", SCRIPT)]).await;
            assert_eq!(stale.status, 412);
        })
        .await;
}

#[tokio::test]
async fn g4_a_goal_is_reviewed_and_launched_and_its_times_in_a_gap_are_marked() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            let admin = world.signed_in(&ours.member("organization_admin").await.id).await;
            let at = format!("/app/o/{}", ours.id);
            imported(&world, &admin, &ours, &group).await;
            let (steps, _) = first_step(&admin, &at, &group).await;
            admin.get(&format!("{steps}/review")).await.says("The text is missing");
            let times = admin.post(&format!("{steps}/words"), &[("script", SCRIPT)]).await;
            admin.follow(&times).await.says("All times are on the clocks of New York");
            let plan = [("strategy", "anyone"), ("pace", "all_at_open"), ("paced_to_caps", "on")];
            let gap = [&[("opens", "2027-03-14T02:30"), ("closes", "2027-03-20T20:00")], &plan[..]].concat();
            admin.post(&format!("{steps}/times"), &gap).await.location();
            admin.get(&format!("{steps}/times")).await.says("this time does not exist").says("It means 3:00 AM");
            let now = world.now().await;
            let day = |days| (now + TimeDelta::days(days)).format("%Y-%m-%dT%H:%M").to_string();
            let (opens, closes) = (day(-2), day(2));
            let open = [&[("opens", opens.as_str()), ("closes", &closes)], &plan[..]].concat();
            admin.post(&format!("{steps}/times"), &open).await.location();
            let review = admin.get(&format!("{steps}/review")).await;
            review.says("Launch the goal").says("Vote &#60;plan&#62;");
            let review = admin.with_parts(&review).await;
            review.says("2 people would be texted").says("Hi Ada, can you come on");
            let launched = admin.follow(&admin.post(&format!("{steps}/launch"), &[]).await).await;
            launched.says("The goal is launched.").says("So far");
            let goal = steps.rsplit('/').next().unwrap();
            world.goals().id(goal).has("partitioned_at").until(1).await;
            let whole = admin.with_parts(&admin.get(&steps).await).await;
            whole.says("Wrote back").says("Texter by texter").says("What is to come").says("2 are to come");
            let texters = admin.with_parts(&admin.get(&format!("{steps}/texters?search=x&after=y")).await).await;
            texters.says("No texter has sent a text yet.");
            admin.follow(&admin.post(&format!("{steps}/launch"), &[]).await).await.says("That is not possible now");
            admin.follow(&admin.post(&format!("{steps}/pause"), &[]).await).await.says("Nothing goes out.");
            admin.follow(&admin.post(&format!("{steps}/resume"), &[]).await).await.says("The goal goes on.");
            assert_eq!(agent.client.get(&format!("/v1/agent/goals/{goal}/scripts")).await.status, 200);
            let list = admin.get(&format!("{at}/goals?status=active")).await;
            list.says("Vote &#60;plan&#62;").says("…</td>");
            admin.with_parts(&list).await.says("2</td>");
            admin.with_parts(&admin.get(&at).await).await.says("Going on").says("2</td>");
        })
        .await;
}

#[tokio::test]
async fn r2_texts_to_a_person_are_stopped_and_why_tells_it_in_words() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let admin = world.signed_in(&ours.member("organization_admin").await.id).await;
            let at = format!("/app/o/{}", ours.id);
            let save = [
                ("phone", "(646) 555-0001"),
                ("first_name", "<b>Ada</b>"),
                ("group_id", group.as_str()),
                ("tags", "vip, new"),
            ];
            let card = admin.follow(&admin.post(&format!("{at}/people/new"), &save).await).await;
            card.says("The person is new.")
                .says("&#60;b&#62;Ada&#60;/b&#62;")
                .says("(646) 555-0001")
                .says("Can be texted");
            let person = card.request.rsplit('/').next().unwrap().to_owned();
            let found = admin.with_parts(&admin.get(&format!("{at}/people?name=ada&tag=vip")).await).await;
            found.says(&person).says("Do something with all of them");
            admin.get(&format!("{at}/people?phone=12")).await.says("find-phone-error");

            let goal = ours.draft(&group, open_goal(&world, json!({})).await).await;
            let why = format!("{at}/people/{person}/why?goal_id={goal}");
            admin.get(&why).await.says("No, this person was not texted").says("The goal is a draft");
            let stopped = admin.post(&format!("{at}/people/{person}/stop"), &[("reason", "asked by phone")]).await;
            admin.follow(&stopped).await.says("gets no more texts").says("Asked for no more texts");
            ours.goal_act(&goal, "launch").await;
            world.goals().id(&goal).has("partitioned_at").until(1).await;
            admin.get(&why).await.says("Not meant to be texted").says("by texting START");
            admin.get(&format!("{at}/compliance")).await.says("(646) 555-0001").says("An admin");
            let looked = admin.post(&format!("{at}/compliance/look"), &[("phone", "646 555 0001")]).await;
            looked.says("Yes, this number stopped texts");

            // An edit of a version that is no more is refused, and typed values are shown again.
            let edit = format!("{at}/people/{person}/edit");
            let etag = admin.get(&edit).await.field("etag").replace("&#34;", "\"").replace("&quot;", "\"");
            let typed = |name: &'static str| {
                [("etag", etag.clone()), ("first_name", name.to_owned()), ("tags", "vip".to_owned())]
            };
            let pairs = |all: [(&'static str, String); 3]| all.map(|(name, value)| (name, value));
            let one = pairs(typed("Ada"));
            let one: Vec<_> = one.iter().map(|(name, value)| (*name, value.as_str())).collect();
            admin.follow(&admin.post(&edit, &one).await).await.says("Saved.");
            let other = pairs(typed("Anna"));
            let other: Vec<_> = other.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let late = admin.post(&edit, &other).await;
            assert_eq!(late.status, 412);
            late.says("value=\"Anna\"");
        })
        .await;
}

#[tokio::test]
async fn c16_something_is_done_with_all_that_match_and_the_number_comes_first() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let admin = world.signed_in(&ours.member("organization_admin").await.id).await;
            imported(&world, &admin, &ours, &group).await;
            let at = format!("/app/o/{}", ours.id);
            admin.get(&format!("{at}/bulk/new?tag=walker&group_id={group}")).await.says("Count first");
            let wanted = [("match.tag", "walker"), ("action", "tag"), ("tag", "seen")];
            let counted = admin.post(&format!("{at}/bulk/new"), &wanted).await;
            counted.says("2 people match now").says("Do it with 2 people");
            assert_eq!(world.rows("bulk_change").count().await, 0, "counting does nothing");
            let missing = admin.post(&format!("{at}/bulk/new"), &[("match.tag", "walker"), ("action", "tag")]).await;
            missing.says("bulk-tag-error");
            let started = admin.post(&format!("{at}/bulk/start"), &wanted).await;
            let page = started.location();
            world.rows("bulk_change").is("state", "succeeded").until(1).await;
            admin.get(&page).await.says("2 of 2 people are done").says("Changed");
        })
        .await;
}

#[tokio::test]
async fn a5_each_page_of_an_admin_is_there_and_none_is_another_tenants() {
    World::with_api()
        .run(async |world| {
            let (ours, theirs) = (world.organization("Ours").await, world.organization("Theirs").await);
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            let organization = ours.member("organization_admin").await;
            let account = world.signed_in(&ours.member("account_admin").await.id).await;
            let admin = world.signed_in(&organization.id).await;
            let pages = [
                "",
                "/goals",
                "/goals/new",
                "/people",
                "/people/new",
                "/conversations",
                "/imports",
                "/imports/new",
                "/campaigns",
                "/campaigns/new",
                "/groups",
                "/groups/new",
                "/team",
                "/team/new",
                "/compliance",
                "/compliance/access",
                "/compliance/retention",
                "/compliance/erase",
                "/exports",
                "/automations",
                "/automations/new",
                "/forms",
                "/forms/new",
                "/settings",
                "/audit",
                "/bulk",
                "/bulk/new?tag=a",
                "/calendar",
                "/companies",
                "/companies/campaigns/new",
                "/compliance/retention/people",
                "/fields",
                "/library",
                "/library/new",
                "/sign-ins",
                "/sources",
                "/sources/new",
                "/tags",
            ];
            let pages = pages.map(str::to_owned).into_iter().chain([
                format!("/groups/{group}"),
                format!("/groups/{group}/edit"),
                format!("/team/{}", agent.id),
                format!("/team/{}/edit", agent.id),
                format!("/team/{}", organization.id),
            ]);
            for page in pages {
                for browser in [&admin, &account] {
                    browser.get(&format!("/app/o/{}{page}", ours.id)).await.shown();
                }
                let other = admin.get(&format!("/app/o/{}{page}", theirs.id)).await;
                assert!(matches!(other.status, 403 | 404), "{page}: {}", other.status);
            }
            let texter = world.signed_in(&agent.id).await;
            assert_eq!(texter.get(&format!("/app/o/{}", ours.id)).await.status, 403);
            assert_eq!(admin.get("/app/o/nonsense/goals").await.status, 404);
        })
        .await;
}
