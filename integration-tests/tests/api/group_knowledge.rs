//! Rules A5 and C1: a contact is one in the organization, and a group knows of them the values that
//! it or an organization's admin brought, in any request.

use muster_integration_tests::{CONFIRMATION, Call, Client, Organization, World, goal_at, open_goal, text};
use serde_json::{Value, json};

/// The other group's knowledge of its contact; each value says so, except the postal code, which is
/// of Honolulu.
pub(crate) const THEIRS: &str = "first,last,phone,email,zip,notes,external_id,ward,tags
Secretfirst,Secretlast,6465550001,secret@example.org,96801,secret note,secret-van,secret-ward,secret-tag
";

/// Values that no answer to the group's admin or agent may have.
const SECRETS: [&str; 4] = ["secret", "96801", "honolulu", "\"hi\""];

/// Two groups of an organization, and members with a reach of one of them.
pub(crate) struct Two {
    pub(crate) world: World,
    /// Seen by an account admin.
    pub(crate) ours: Organization,
    /// Seen by the admin of the group that does not know the contact.
    pub(crate) mine: Organization,
    pub(crate) group: String,
    /// Seen by the admin of the group that has the contact.
    pub(crate) theirs: Organization,
    pub(crate) their_group: String,
}

impl Two {
    pub(crate) async fn run(test: impl AsyncFnOnce(Self)) {
        World::with_engine()
            .run(async |world| {
                let ours = world.organization("Ours").await;
                let (group, their_group) = (ours.group("Mine").await, ours.group("Theirs").await);
                let (mine, theirs) = (reach(&ours, &[&group]).await, reach(&ours, &[&their_group]).await);
                let two = Self { world, ours, mine, group, theirs, their_group };
                let query = "file_name=secret.csv&consent_text=secret%20consent&tags=secret-all";
                let report = two.theirs.import(&format!("{query}&group_id={}", two.their_group), THEIRS).await;
                assert_eq!(report["created"], 1, "{report}");
                test(two).await;
            })
            .await;
    }

    /// Imports a file into the group as its admin.
    pub(crate) async fn import(&self, file: &str) -> Value {
        import(&self.mine, &self.group, file).await
    }

    /// Returns the group's contact with this number, as its admin sees them.
    pub(crate) async fn seen(&self, phone: &str) -> Value {
        seen(&self.mine, &self.group, phone).await
    }
}

/// Returns the organization as an admin of these groups sees it.
pub(crate) async fn reach(ours: &Organization, groups: &[&str]) -> Organization {
    let (admin, _) = ours.member_of("group_admin", groups).await;
    Organization { admin: admin.client, ..ours.clone() }
}

pub(crate) async fn import(by: &Organization, group: &str, file: &str) -> Value {
    let report = by.import(&format!("file_name=a.csv&group_id={group}"), file).await;
    assert_eq!(report["state"], "succeeded", "{report}");
    report
}

pub(crate) async fn seen(by: &Organization, group: &str, phone: &str) -> Value {
    let page = by.admin.get(&by.at(&format!("contacts?limit=500&group_id={group}"))).await.ok();
    let items = page["items"].as_array().unwrap();
    let contact = items.iter().find(|contact| contact["phone"] == phone).cloned().unwrap_or_default();
    let alone = by.admin.get(&by.at(&format!("contacts/{}", text(&contact["id"])))).await.ok();
    assert_eq!(alone, contact, "the list and the contact say the same");
    contact
}

pub(crate) async fn undo(two: &Two, by: &Organization, report: &Value) -> Value {
    let id = text(&report["id"]);
    let path = by.at(&format!("imports/{id}"));
    assert_eq!(by.admin.act(&format!("{path}/undo")).await.status, 202);
    two.world.until(&format!("import where id = '{id}' and undone_at is not null"), 1).await;
    by.admin.get(&path).await.ok()["undone"].clone()
}

pub(crate) fn figures(report: &Value) -> [&Value; 5] {
    ["created", "updated", "unchanged", "merged", "rejected"].map(|counter| &report[counter])
}

#[track_caller]
pub(crate) fn tells_nothing(what: &str, answer: &Value) {
    let answer = answer.to_string().to_lowercase();
    for secret in SECRETS {
        assert!(!answer.contains(secret), "{what} tells {secret}: {answer}");
    }
}

/// The matrix: each answer that has something of a contact, and each field in it.
#[tokio::test]
async fn a5_a_bare_phone_tells_nothing_of_a_contact_of_another_group() {
    Two::run(async |two| {
    let Two { world, ours, mine, group, .. } = &two;
    // The second number has no contact: the answers on the two are the same.
    let bare = "first,last,phone\n,,6465550001\n,,6465550002\n";
    let dry = mine.import(&format!("file_name=a.csv&dry_run=true&group_id={group}"), bare).await;
    let report = two.import(bare).await;
    assert_eq!(figures(&dry), figures(&report));
    assert_eq!((&report["created"], &report["updated"]), (&json!(2), &json!(0)), "{report}");
    let alike = |mut contact: Value| {
        for own in ["id", "phone", "created_at"] {
            contact[own] = Value::Null;
        }
        contact
    };
    let (known, fresh) = (two.seen("+16465550001").await, two.seen("+16465550002").await);
    assert_eq!(alike(known.clone()), alike(fresh.clone()));
    assert!(known["created_at"].as_str() >= report["created_at"].as_str(), "{known}");
    let contact = text(&known["id"]);
    let import = text(&report["id"]);

    let (agent, number) = ours.agent(group).await;
    let script = "Ahoy {{first_name|friend}} {{last_name|x}} {{email|x}} {{postal_code|x}} {{external_id|x}} {{ward|x}}! Reply STOP to opt out";
    let goal = ours.open_goal(world, group, json!({ "script": script })).await;
    let claimed =
        agent.client.post(&format!("/v1/agent/goals/{goal}/claim"), json!({ "workflow": "initial" })).await.ok();
    let batch = &claimed["batch"];
    for to in batch["contacts"].as_array().unwrap() {
        assert_eq!(to["text"], "Ahoy friend x x x x x! Reply STOP to opt out", "{to}");
    }
    let send = format!("/v1/agent/batches/{}/send", text(&batch["id"]));
    agent.client.post(&send, json!({ "lease_token": batch["lease_token"] })).await.ok();
    world.until("message where state = 'delivered'", 2).await;
    world.text("+16465550001", &number, "Which rally?").await;
    world.until("thread where unread_since is not null", 1).await;
    let thread = world.row::<String>("select to_json(id) from thread where unread_since is not null").await;

    tells_nothing("the claim", &claimed);
    for path in [
        format!("contacts?group_id={group}"),
        format!("contacts/{contact}"),
        format!("contacts/{contact}/why?goal_id={goal}"),
        format!("imports/{import}"),
        format!("imports/{import}/changes"),
        format!("conversations?group_id={group}"),
        format!("conversations/{thread}"),
        format!("goals/{goal}/stats"),
        format!("goals/{goal}/preview"),
        format!("goals/{goal}/forecast"),
    ] {
        tells_nothing(&path, &mine.admin.get(&mine.at(&path)).await.ok());
    }
    let rejects = mine.admin.get(&mine.at(&format!("imports/{import}/rejects.csv"))).await;
    tells_nothing("the rejects", &json!(rejects.text));
    let previewed =
        mine.admin.call(reqwest::Method::POST, &mine.at("imports/preview"), Call::raw("text/csv", bare)).await;
    tells_nothing("the preview", &previewed.ok());
    let claimed = agent.client.act(&format!("/v1/agent/groups/{group}/replies/claim")).await.ok();
    tells_nothing("the thread's card", &claimed);
    assert_eq!((&claimed[0]["thread"]["first_name"], &claimed[0]["thread"]["last_name"]), (&json!(""), &json!("")));
    let redaction = json!({ "phone": "+16465550001", "confirmation": CONFIRMATION });
    mine.admin.post("/v1/redactions", redaction).await.problem(403, "forbidden");

    // The organization's admins see the contact as before, and their group does too.
    let whole = ours.contact("+16465550001").await;
    let their = seen(&two.theirs, &two.their_group, "+16465550001").await;
    for (name, value) in [("first_name", "Secretfirst"), ("email", "secret@example.org"), ("postal_code", "96801")] {
        assert_eq!((&whole[name], &their[name]), (&json!(value), &json!(value)), "{name}");
    }
    assert_eq!(whole["tags"], json!(["secret-all", "secret-tag"]));
    assert_eq!((&whole["fields"], &whole["tags"]), (&their["fields"], &their["tags"]));
    let conversation = ours.admin.get(&ours.at(&format!("conversations/{thread}"))).await.ok();
    assert_eq!(conversation["thread"]["first_name"], "Secretfirst");
    })
    .await;
}

/// Counts are no way to ask: values that the group does not know are absent.
#[tokio::test]
async fn a5_targeting_goes_by_what_the_group_knows() {
    Two::run(async |two| {
        let Two { mine, group, .. } = &two;
        two.import("first,last,phone,ward,tags\n,,6465550001,7,mine\n,,6465550002,7,mine\n").await;
        let field = |is: Value| json!({ "fields": [{ "field": "ward", "is": is }] });
        let attribute = |name: &str, is: Value| json!({ "attributes": [{ "attribute": name, "is": is }] });
        for (targeting, contacts) in [
            (json!({}), 2),
            (json!({ "tags_all": ["mine"] }), 2),
            (json!({ "tags_none": ["mine"] }), 0),
            (field(json!({ "any_of": ["secret-ward"] })), 0),
            (field(json!({ "any_of": ["7"] })), 2),
            (field(json!({ "none_of": ["secret-ward"] })), 2),
            (field(json!("has_value")), 2),
            (field(json!("blank")), 0),
            (attribute("postal_code", json!({ "any_of": ["96801"] })), 0),
            (attribute("email", json!("has_value")), 0),
            (attribute("external_id", json!("blank")), 2),
        ] {
            let goal = goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", json!({ "targeting": targeting }));
            let goal = mine.draft(group, goal).await;
            let preview = mine.admin.get(&mine.at(&format!("goals/{goal}/preview"))).await.ok();
            assert_eq!(preview["contacts"], contacts, "{targeting}");
        }
    })
    .await;
}

/// Hours keep to where the contact really may be (rule S5); the group is told where the number may
/// be.
#[tokio::test]
async fn a5_a_forecast_names_no_place_that_the_group_does_not_know() {
    Two::run(async |two| {
        let Two { world, ours, mine, group, .. } = &two;
        two.import("first,last,phone\n,,6465550001\n").await;
        ours.agent(group).await;
        ours.admin.put(&ours.at("caps"), json!({ "daily_segments": 0 })).await.ok();
        let goal = ours.draft(group, open_goal(world, json!({})).await).await;
        let path = ours.at(&format!("goals/{goal}/forecast"));
        let (told, whole) = (mine.admin.get(&path).await.ok(), ours.admin.get(&path).await.ok());
        tells_nothing("the forecast", &told);
        assert_eq!(told["unreached_contacts"][0]["zones"], json!(["America/New_York"]), "{told}");
        assert_eq!(whole["unreached_contacts"][0]["zones"], json!(["Pacific/Honolulu"]), "{whole}");
        assert_eq!((&told["unreached"], &told["finishes_at"]), (&whole["unreached"], &whole["finishes_at"]));
    })
    .await;
}

/// Values that one group brings later are not told to the group that made the contact, which keeps
/// its own.
#[tokio::test]
async fn a5_who_had_the_contact_first_learns_nothing_of_what_another_group_brings() {
    Two::run(async |two| {
        let before = seen(&two.theirs, &two.their_group, "+16465550001").await;
        let file = "first,last,phone,email,precinct,tags\nMymy,,6465550001,mymy@example.org,mymy,mymy\n";
        let report = two.import(file).await;
        let changes = two.mine.admin.get(&two.mine.at(&format!("imports/{}/changes", text(&report["id"])))).await.ok();
        assert_eq!(changes["items"], json!([]), "for the group the contact is new");
        assert_eq!(seen(&two.theirs, &two.their_group, "+16465550001").await, before);
        let mine = two.seen("+16465550001").await;
        assert_eq!((&mine["first_name"], &mine["last_name"]), (&json!("Mymy"), &json!("")));
        assert_eq!((&mine["fields"], &mine["tags"]), (&json!({ "precinct": "mymy" }), &json!(["mymy"])));

        // Rule C1: the organization has one contact, and the latest value of each field.
        let whole = two.ours.contact("+16465550001").await;
        assert_eq!((&whole["first_name"], &whole["last_name"]), (&json!("Mymy"), &json!("Secretlast")));
        assert_eq!(whole["fields"], json!({ "ward": "secret-ward", "precinct": "mymy" }));

        // Values that they bring themselves they know, and they are told of their former ones.
        let report = import(&two.theirs, &two.their_group, "first,last,phone\nThey,,6465550001\n").await;
        assert_eq!(report["updated"], 1, "{report}");
        let path = two.theirs.at(&format!("imports/{}/changes", text(&report["id"])));
        let change = &two.theirs.admin.get(&path).await.ok()["items"][0];
        assert_eq!(
            (&change["before"], &change["after"]),
            (&json!({ "first_name": "Secretfirst" }), &json!({ "first_name": "They" }))
        );
        let theirs = seen(&two.theirs, &two.their_group, "+16465550001").await;
        assert_eq!((&theirs["first_name"], &theirs["fields"]), (&json!("They"), &before["fields"]));
        assert_eq!(two.seen("+16465550001").await, mine);
    })
    .await;
}

/// An admin of the organization that adds a contact to a group gives it all; an admin of both
/// groups sees the knowledge of either.
#[tokio::test]
async fn a5_an_organizations_admin_gives_a_group_what_they_add() {
    Two::run(async |two| {
        let (given, both) = (two.ours.group("Given").await, reach(&two.ours, &[&two.group, &two.their_group]).await);
        two.import("first,last,phone\n,,6465550001\n").await;
        import(&two.ours, &given, "first,last,phone\n,,6465550001\n").await;
        for (by, group) in [(&reach(&two.ours, &[&given]).await, &given), (&both, &two.group)] {
            let contact = seen(by, group, "+16465550001").await;
            assert_eq!((&contact["first_name"], &contact["tags"][1]), (&json!("Secretfirst"), &json!("secret-tag")));
        }
        // Values that the admin brings into a group that knows the contact partly are those alone.
        import(&two.ours, &two.group, "first,last,phone,precinct\n,,6465550001,9\n").await;
        let mine = two.seen("+16465550001").await;
        assert_eq!((&mine["first_name"], &mine["fields"]), (&json!(""), &json!({ "precinct": "9" })));
    })
    .await;
}

/// Rule I6: a writer to a group that does not have them is unnamed there, also where others have a
/// name.
#[tokio::test]
async fn a5_a_text_to_a_group_tells_it_no_name_that_another_group_has() {
    Two::run(async |two| {
        let (agent, number) = two.ours.agent(&two.group).await;
        two.world.text("+16465550001", &number, "Hello?").await;
        two.world.until("thread where unread_since is not null", 1).await;
        tells_nothing("the contact", &two.seen("+16465550001").await);
        let agent: &Client = &agent.client;
        let claimed = agent.act(&format!("/v1/agent/groups/{}/replies/claim", two.group)).await.ok();
        tells_nothing("the card", &claimed);
        assert_eq!(claimed[0]["thread"]["first_name"], "");
    })
    .await;
}

/// Rule R2: an opt-out is the organization's; the words for it may be another group's.
#[tokio::test]
async fn a5_an_opt_out_is_known_to_all_and_its_provenance_is_not() {
    Two::run(async |two| {
        two.import("first,last,phone\n,,6465550001\n").await;
        let id = text(&two.ours.contact("+16465550001").await["id"]);
        let reason = json!({ "reason": "said so to the secret group" });
        two.theirs.admin.post(&two.theirs.at(&format!("contacts/{id}/opt-out")), reason).await.ok();
        let contact = two.seen("+16465550001").await;
        assert!(contact["opted_out_at"].is_string() && contact["opt_out_reason"].is_null(), "{contact}");
        assert_eq!(two.ours.contact("+16465550001").await["opt_out_reason"], "said so to the secret group");
    })
    .await;
}

/// Rule R3: groups' own knowledge goes with the person.
#[tokio::test]
async fn r3_a_redaction_takes_what_each_group_knows() {
    Two::run(async |two| {
        two.import("first,last,phone,email\nMymymy,Ownown,6465550001,mymymy@example.org\n").await;
        let knowing = "membership where knows::text ~* 'mymymy|ownown|secret'";
        assert_eq!(two.world.count(knowing).await, 2);
        let redaction = json!({ "phone": "+16465550001", "confirmation": CONFIRMATION });
        two.ours.admin.post("/v1/redactions", redaction).await.ok();
        assert_eq!(two.world.count(knowing).await, 0, "with the answer");
        two.world.until("redaction where finished_at is not null", 1).await;
        let changed = "import_change where concat(before, after, known_before, known_after) ~* 'mymymy|ownown|secret'";
        assert_eq!(two.world.count(changed).await, 0);
    })
    .await;
}
