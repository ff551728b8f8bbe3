//! Admins' pages of the console beyond a first campaign: tags and fields, limits of phone
//! companies, the calendar, the library, follow-ups, files that come again, sign-ins, and records
//! that have left (rules A6, C14, C16, G1, R7, S3, S4, T1a, W9).

use muster_integration_tests::{Browser, Organization, World, eventually, holds, seconds, text};
use serde_json::{Value, json};

/// Returns a signed-in admin of the organization, and the address of their pages.
async fn admin(world: &World, ours: &Organization, role: &str) -> (Browser, String) {
    (world.signed_in(&ours.member(role).await.id).await, format!("/app/o/{}", ours.id))
}

/// Sends a form that ends with another page, and opens that.
async fn sent(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> (String, String) {
    let page = browser.post(path, fields).await.location();
    let shown = browser.get(&page).await;
    (page, shown.shown().to_owned())
}

async fn listed(ours: &Organization, path: &str) -> Vec<Value> {
    let list = ours.admin.get(&ours.at(path)).await.ok();
    list["items"].as_array().unwrap_or_else(|| list.as_array().unwrap()).clone()
}

#[tokio::test]
async fn c16_a_tag_is_made_renamed_locked_and_merged_by_clicking() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.import(
                &format!("file_name=c.csv&group_id={group}"),
                "first,last,phone,tags\nAda,L,6465550001,walker\n",
            )
            .await;
            let (admin, at) = admin(&world, &ours, "organization_admin").await;
            admin.get(&format!("{at}/tags")).await.says("walker");
            let (page, shown) = sent(&admin, &format!("{at}/tags"), &[("name", "<b>Host</b>"), ("locked", "on")]).await;
            assert!(shown.contains("&#60;b&#62;Host&#60;/b&#62;") && !shown.contains("<b>Host"), "{shown}");
            let taken = admin.post(&format!("{at}/tags"), &[("name", "walker")]).await;
            assert_eq!(taken.status, 409);
            taken.says("another tag of the organization has this name").says("value=\"walker\"");

            let form = admin.get(&page).await;
            let etag = form.field("etag").replace("&#34;", "\"");
            let edit = [("etag", etag.as_str()), ("name", "Host"), ("reason", "on")];
            admin.post(&page, &edit).await.location();
            let late = admin.post(&page, &edit).await;
            assert_eq!(late.status, 412);
            late.says("Somebody else has edited it meanwhile");
            let tags = listed(&ours, "tags").await;
            let host = tags.iter().find(|tag| tag["name"] == "Host").unwrap();
            assert_eq!((&host["locked"], &host["reason"]), (&json!(false), &json!(true)));

            let walker = tags.iter().find(|tag| tag["name"] == "walker").unwrap();
            let walker = format!("{at}/tags/{}", text(&walker["id"]));
            admin.get(&walker).await.says("See the people who have it").says("Merge it into another tag");
            let kept = admin.post(&format!("{walker}/delete"), &[]).await;
            admin.follow(&kept).await.says("contacts have it");
            let merge = admin.post(&format!("{walker}/merge"), &[("into", &text(&host["id"]))]).await.location();
            eventually(seconds(40), async || {
                let shown = admin.get(&merge).await;
                holds(shown.text.contains("See the one that stays"), &shown.text)
            })
            .await;
            assert_eq!(ours.contact("+16465550001").await["tags"], json!(["Host"]));
            assert_eq!(admin.get(&walker).await.status, 404);
        })
        .await;
}

#[tokio::test]
async fn c14_a_field_is_made_locked_and_renamed_by_clicking() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (admin, at) = admin(&world, &ours, "organization_admin").await;
            let (page, _) = sent(&admin, &format!("{at}/fields"), &[("name", "Ward")]).await;
            let etag = admin.get(&page).await.field("etag").replace("&#34;", "\"");
            admin.post(&page, &[("etag", &etag), ("locked", "on")]).await.location();
            admin.get(&format!("{at}/fields")).await.says("Only admins");
            let same = admin.post(&format!("{page}/rename"), &[("name", "Ward")]).await;
            assert_eq!(same.status, 409);
            let merge = admin.post(&format!("{page}/rename"), &[("name", "District")]).await.location();
            eventually(seconds(40), async || {
                let shown = admin.get(&format!("{merge}/progress")).await;
                holds(shown.text.contains("See the one that stays"), &shown.text)
            })
            .await;
            let fields = listed(&ours, "fields").await;
            assert_eq!((&fields[0]["name"], &fields[0]["locked"]), (&json!("District"), &json!(true)));
            let (group_admin, _) = ours.member_of("group_admin", &[&ours.group("One").await]).await;
            let below = world.signed_in(&group_admin.id).await;
            below.get(&format!("{at}/fields")).await.says("Organization admins make and change these");
            assert_eq!(below.post(&format!("{at}/fields"), &[("name", "X")]).await.status, 403);
        })
        .await;
}

#[tokio::test]
async fn s3_s4_allowances_speeds_and_registered_campaigns_are_set_in_words() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (_, number) = ours.agent(&group).await;
            let (admin, at) = admin(&world, &ours, "organization_admin").await;
            let page = format!("{at}/companies");
            admin
                .get(&page)
                .await
                .says("Set by hand")
                .says("No limit a day")
                .says("Trust score 51 to 75: 40,000 parts");
            sent(&admin, &format!("{page}/allowance"), &[("tier", "trust_51")]).await;
            admin.get(&page).await.says("40,000 parts of texts a day");
            sent(&admin, &format!("{page}/own"), &[("carrier", "t-mobile"), ("daily_segments", "777")]).await;
            let wrong =
                admin.post(&format!("{page}/own"), &[("carrier", "t-mobile"), ("daily_segments", "many")]).await;
            assert_eq!(wrong.status, 422);
            wrong.says("value=\"many\"");
            sent(&admin, &format!("{page}/speed"), &[("carrier", "verizon"), ("segments_per_minute", "60")]).await;
            admin.get(&page).await.says("777 parts of texts a day").says("Verizon");
            let rates = ours.admin.get(&ours.at("rates")).await.ok();
            assert_eq!(rates["segments_per_minute"]["verizon"], 60);

            let fields = [("name", "Fund drive"), ("class", "E"), ("pace.verizon", "30")];
            let (campaign, shown) = sent(&admin, &format!("{page}/campaigns/new"), &fields).await;
            assert!(shown.contains("Choose its numbers below."), "{shown}");
            sent(&admin, &format!("{campaign}/numbers"), &[("numbers", &number)]).await;
            let all = listed(&ours, "registered-campaigns").await;
            assert_eq!(all[0]["segments_per_minute"], json!({ "att": 240, "verizon": 30 }));
            assert_eq!(all[0]["numbers"], json!([number]));
            // Another class brings its own speed along, and the numbers stay.
            let fields = [("name", "Fund drive"), ("class", "T"), ("pace.att", "240"), ("pace.verizon", "30")];
            admin.post(&campaign, &fields).await.location();
            let all = listed(&ours, "registered-campaigns").await;
            assert_eq!(all[0]["segments_per_minute"], json!({ "att": 75, "verizon": 30 }));
            assert_eq!(all[0]["numbers"], json!([number]));
            let other = world.organization("Theirs").await;
            let theirs = world.signed_in(&other.member("organization_admin").await.id).await;
            let id = campaign.rsplit('/').next().unwrap();
            let strange = theirs.get(&format!("/app/o/{}/companies/campaigns/{id}", other.id)).await;
            assert_eq!(strange.status, 404);
        })
        .await;
}

#[tokio::test]
async fn g1_the_calendar_has_all_that_is_dated_between_two_days() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let goal = json!({
                "name": "Rally <1>", "goal_type": "event", "date": "2027-06-05T18:00:00", "opens": "2027-06-01T10:00:00",
                "closes": "2027-06-05T18:00:00",
                "release_plan": { "pace": { "cron": { "batches": 1, "cron": "0 9,13 * * *" } }, "paced_to_caps": true },
            });
            ours.draft(&group, goal).await;
            let (admin, at) = admin(&world, &ours, "organization_admin").await;
            let days = admin.get(&format!("{at}/calendar?from=2027-06-01&to=2027-06-05")).await;
            days.says("Tue, Jun 1, 2027, 10:00 AM (New York)").says("More people, 2 times").says("Rally &#60;1&#62;");
            days.says("Event").says("Closes").says("calendar?from=2027-06-06&#38;to=2027-06-10");
            admin.get(&format!("{at}/calendar?from=2027-07-01&to=2027-07-02")).await.says("Nothing has its day here");
            let long = admin.get(&format!("{at}/calendar?from=2027-01-01&to=2027-12-31")).await;
            assert_eq!(long.status, 400);
            long.says("at most 93 days").says("2027-12-31");
            admin.get(&format!("{at}/calendar?from=nonsense")).await.shown();
        })
        .await;
}

#[tokio::test]
async fn w9_the_library_of_texts_is_written_edited_and_put_away() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (admin, at) = admin(&world, &ours, "organization_admin").await;
            let page = format!("{at}/library");
            let bad = [("kind", "initial"), ("name", "Hello"), ("script", "Hi {{first_name|there}}")];
            let refused = admin.post(&format!("{page}/new"), &bad).await;
            assert_eq!(refused.status, 422);
            refused.says("script-script-error").says("Hi {{first_name|there}}");
            let fields = [("kind", "response"), ("name", "Where"), ("script", "At the <school>.")];
            admin.post(&format!("{page}/new"), &fields).await.location();
            admin.get(&page).await.says("At the &#60;school&#62;.").says("Answer");
            let id = text(&listed(&ours, "scripts").await[0]["id"]);
            let script = format!("{page}/{id}");
            let etag = admin.get(&script).await.field("etag").replace("&#34;", "\"");
            let edit = [("etag", etag.as_str()), ("name", "Where"), ("script", "At the hall.")];
            admin.post(&script, &edit).await.location();
            assert_eq!(admin.post(&script, &edit).await.status, 412);
            sent(&admin, &format!("{script}/archive"), &[("do", "away")]).await;
            admin.get(&page).await.says("There is no text yet");
            admin.get(&format!("{page}?archived=on")).await.says("At the hall.");
            sent(&admin, &format!("{script}/archive"), &[("do", "back")]).await;
            assert_eq!(listed(&ours, "scripts").await.len(), 1);
        })
        .await;
}

#[tokio::test]
async fn t1a_a_goal_and_a_campaign_are_followed_up_by_what_came_of_them() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.contacts(&group, 3).await;
            let goal = ours.open_goal(&world, &group, json!({})).await;
            let (admin, at) = admin(&world, &ours, "organization_admin").await;
            let page = format!("{at}/goals/{goal}");
            admin.get(&page).await.says("Follow it up by what came of it");
            let form = format!("{page}/follow-up");
            admin.get(&form).await.says("Was not texted");
            let day = [("goal_type", "turnout"), ("date", "2027-11-02")];
            let fields = [&[("name", "Again"), ("any_of", "not_messaged")], &day[..]].concat();
            let who = admin.follow(&admin.post(&form, &fields).await).await;
            let who = admin.with_parts(&who).await;
            who.says("3 people would be texted").says("They have all of these tags");
            let nameless = admin.post(&form, &[&[("any_of", "yes")], &day[..]].concat()).await;
            assert_eq!(nameless.status, 422);
            nameless.says("goal-name-error").says("value=\"yes\" checked");
            let draft = ours.draft(&group, json!({ "name": "D", "goal_type": "turnout", "date": "2027-11-02" })).await;
            admin.get(&format!("{at}/goals/{draft}/follow-up")).await.says("Nothing came of it yet");

            let opened = ours.goal(&goal).await;
            let new = json!({ "name": "All", "group_ids": [group], "goal": {
                "name": "All", "goal_type": "turnout", "date": "2027-11-02", "script": opened["script"],
                "opens": opened["opens"], "closes": opened["closes"] } });
            let campaign = text(&ours.admin.post(&ours.at("campaigns"), new).await.ok()["id"]);
            world.goals().has("partitioned_at").until(2).await;
            let page = format!("{at}/campaigns/{campaign}");
            let shown = admin.get(&page).await;
            shown.says("Follow it up by what came of it");
            admin.with_parts(&shown).await.says("Stopped texts");
            admin.with_parts(&admin.get(&format!("{at}/campaigns")).await).await.says("3</td>");
            let script = [("script", "Hi there. Reply STOP to end texts")];
            let fields = [&[("name", "All again"), ("any_of", "replied")], &day[..], &script[..]].concat();
            let review = admin.follow(&admin.post(&format!("{page}/follow-up"), &fields).await).await;
            admin.with_parts(&review).await.says("0 people would be texted");
        })
        .await;
}

#[tokio::test]
async fn c8_a_file_that_comes_again_is_set_up_in_words() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (admin, at) = admin(&world, &ours, "organization_admin").await;
            let page = format!("{at}/sources");
            admin.get(&page).await.says("There is none yet");
            let fields = [
                ("name", "Nightly"),
                ("group_id", group.as_str()),
                ("url", "store:nightly.csv"),
                ("rhythm", "weekday"),
                ("at", "05:30"),
                ("zone", "America/New_York"),
                ("tags", "nightly, list"),
                ("columns", "Handy = Mobile number\nWard = Ward"),
            ];
            let (source, shown) = sent(&admin, &format!("{page}/new"), &fields).await;
            assert!(shown.contains("Monday to Friday at 05:30 (New York)") && shown.contains("Handy = Mobile number"));
            let kept = &listed(&ours, "import-sources").await[0];
            assert_eq!(kept["schedule"], json!({ "cron": "30 5 * * MON-FRI", "zone": "America/New_York" }));
            assert_eq!(kept["mapping"], json!({ "Handy": "phone", "Ward": "custom:Ward" }));
            assert_eq!(kept["tags"], json!(["nightly", "list"]));
            let bad = [("name", "Bad"), ("group_id", group.as_str()), ("url", "http://10.0.0.1/x")];
            let refused = admin.post(&format!("{page}/new"), &bad).await;
            assert_eq!(refused.status, 422);
            refused.says("source-url-error").says("http://10.0.0.1/x");
            sent(&admin, &format!("{source}/fetch"), &[]).await;
            assert_eq!(world.jobs().kind("import-fetch").count().await, 1);
            // A schedule of a program's stays when something else is changed.
            let cron = json!({ "group_id": group, "name": "Nightly", "url": "store:nightly.csv",
                "schedule": { "cron": "*/5 8 * * SAT", "zone": "America/Chicago" } });
            let path = format!("import-sources/{}", text(&kept["id"]));
            ours.admin.put(&ours.at(&path), cron).await.ok();
            admin.get(&source).await.says("At times that a program has set");
            let fields = [
                ("name", "Weekly"),
                ("group_id", &group),
                ("url", "store:x.csv"),
                ("rhythm", "kept"),
                ("zone", "America/Chicago"),
            ];
            admin.post(&source, &fields).await.location();
            let kept = ours.admin.get(&ours.at(&path)).await.ok();
            assert_eq!((&kept["name"], &kept["schedule"]["cron"]), (&json!("Weekly"), &json!("*/5 8 * * SAT")));
            let gone = admin.post(&format!("{source}/delete"), &[]).await;
            admin.follow(&gone).await.says("It is deleted.");
        })
        .await;
}

#[tokio::test]
async fn a6_sign_ins_are_ended_one_by_one_and_all_others() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let agent = ours.member("agent").await;
            let (one, one_id) = world.session(&agent.id, "full").await;
            let (two, _) = world.session(&agent.id, "full").await;
            let (admin, at) = admin(&world, &ours, "organization_admin").await;
            let member = format!("{at}/team/{}", agent.id);
            admin.get(&member).await.says("Sign them out everywhere").says(&format!("end-{one_id}"));
            sent(&admin, &format!("{member}/sign-ins/{one_id}/end"), &[]).await;
            one.get("/v1/account").await.problem(401, "unauthenticated");
            two.get("/v1/account").await.ok();
            sent(&admin, &format!("{member}/sign-ins/end"), &[]).await;
            two.get("/v1/account").await.problem(401, "unauthenticated");

            let person = ours.member("organization_admin").await;
            let (other, _) = world.session(&person.id, "full").await;
            let here = world.signed_in(&person.id).await;
            let page = format!("{at}/sign-ins");
            here.get(&page).await.says("Here, now").says("Sign out everywhere else");
            let (_, shown) = sent(&here, &format!("{page}/end-others"), &[]).await;
            assert!(!shown.contains("Sign out everywhere else"), "{shown}");
            other.get("/v1/account").await.problem(401, "unauthenticated");
            // Another member's is not there to be ended.
            let (stranger, id) = world.session(&ours.member("agent").await.id, "full").await;
            here.post(&format!("{page}/{id}/end"), &[]).await;
            stranger.get("/v1/account").await.ok();
        })
        .await;
}

#[tokio::test]
async fn r7_what_would_leave_and_what_has_left_is_told() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (account, at) = admin(&world, &ours, "account_admin").await;
            let page = format!("{at}/compliance/retention");
            account.get(&page).await.says("Would leave now").says("Nothing has left yet");
            account.get(&format!("{page}/people")).await.says("Nobody would be erased now");
            let (organization, _) = admin(&world, &ours, "organization_admin").await;
            organization.get(&page).await.says("Account admins see what would leave now").says("Nothing has left yet");
            organization.get(&format!("{page}/people")).await.says("Account admins see this");
        })
        .await;
}
