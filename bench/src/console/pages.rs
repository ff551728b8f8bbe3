//! The pages of the console, with ids of planted and made records.

use anyhow::Context as _;
use muster_rehearsal::client::{Client, text};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    console::plant::{ID, Kind, Size, id, session},
    rig::Rig,
};

/// The credential that a page is asked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Nobody,
    Admin,
    Agent,
    Operator,
}

/// A page to measure.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// Its name in the report.
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) who: Who,
    /// It is no page: a page asks for it once it is there.
    pub(crate) is_part: bool,
}

/// The agent with the shift.
pub(crate) const AGENT: usize = 7;

/// Things that are made by the API, as members and operators make them.
#[derive(Debug)]
struct Made {
    draft: String,
    campaign: String,
    automation: String,
    form: String,
    import: String,
    export: String,
    change: String,
    redaction: String,
    script: String,
    thread: String,
    job: String,
    act: String,
}

/// Makes the records that pages show beside the planted ones, and returns the pages.
pub(crate) async fn all(rig: &Rig, size: Size, operator: &str) -> anyhow::Result<Vec<Page>> {
    let made = make(rig, operator).await.context("making what pages show")?;
    let mut pages = Vec::new();
    for (who, prefix, paths, is_part) in [
        (Who::Nobody, String::new(), front(), false),
        (Who::Admin, format!("/app/o/{ID}"), admins(&made, size), false),
        (Who::Admin, format!("/app/o/{ID}"), parts(&made, size), true),
        (Who::Agent, "/text".to_owned(), agents(&made), false),
        (Who::Operator, "/operator".to_owned(), operators(&made), false),
    ] {
        let shown = prefix.replace(&format!("o/{ID}"), "o/…");
        pages.extend(paths.into_iter().map(|(name, path)| Page {
            name: format!("{shown}{name}"),
            path: format!("{prefix}{path}"),
            who,
            is_part,
        }));
    }
    pages.push(Page { name: "/app".to_owned(), path: "/app".to_owned(), who: Who::Admin, is_part: false });
    Ok(pages)
}

async fn make(rig: &Rig, operator: &str) -> anyhow::Result<Made> {
    let admin = Client::new(&rig.cluster.api_url, &session(0))?;
    let agent = admin.with_token(Some(&session(AGENT)));
    let operator = admin.with_token(Some(operator));
    let at = |rest: &str| format!("/v1/organizations/{ID}/{rest}");
    let new = async |path: &str, body: Value| {
        let made = admin.post(&at(path), path, body).await.with_context(|| format!("making {path}"))?;
        text(&made, "id")
    };
    let goal = json!({
        "name": "Draft", "goal_type": "turnout", "date": "2027-06-03", "opens": "2027-06-01T10:00:00", "closes": "2027-06-02T20:00:00",
        "script": "Hi {{first_name|there}}! Reply STOP to opt out", "targeting": { "tags_any": ["tag 3", "tag 4"] },
    });
    let automation =
        json!({ "name": "Join", "keywords": ["join"], "matching": "exact", "actions": [{ "kind": "opt_in" }] });
    let groups: Vec<_> = (1..=10).map(|number| id(Kind::Group, number)).collect();
    let erase = json!({ "phone": "+16462000001", "confirmation": "I understand this cannot be undone" });
    let redaction = text(&admin.post("/v1/redactions", "redaction", erase).await?, "id")?;
    let file = "first,last,phone\nAda,New,6465550001\nAda,Wrong,12\n";
    let import =
        admin.upload(&at(&format!("imports?file_name=people.csv&group_id={ID}")), "file", file.as_bytes()).await?;
    let script = json!({ "name": "Thanks", "script": "Thank you!" });
    let script = text(&agent.post("/v1/agent/scripts", "script", script).await?, "id")?;
    agent.post(&format!("/v1/agent/goals/{ID}/claim"), "claim", json!({ "workflow": "initial" })).await?;
    let replies = agent.post(&format!("/v1/agent/groups/{ID}/replies/claim"), "replies", json!({})).await?;
    let thread = replies[0]["thread"]["id"].as_str().context("no replies were claimed")?;
    let jobs = operator.get("/v1/operator/jobs?limit=1").await?;
    let job = jobs["items"][0]["id"].as_str().context("there is no job")?;
    let act = json!({ "verb": "cancel", "filter": { "kind": "probe" }, "reason": "to see its page" });
    let act = text(&operator.post("/v1/operator/job-acts", "act", act).await?, "id")?;
    new("access-requests", json!({ "contact_id": id(Kind::Contact, 3), "reason": "asked by letter" })).await?;
    Ok(Made {
        draft: new("goals", json!({ "group_id": ID, "goal": goal })).await?,
        campaign: new("campaigns", json!({ "name": "Draft", "group_ids": groups, "goal": goal, "draft": true }))
            .await?,
        automation: new("automations", automation).await?,
        form: new("forms", json!({ "group_id": ID, "title": "Join us", "consent_text": "I agree to get texts" }))
            .await?,
        import: text(&import, "id")?,
        export: new("exports", json!({ "kind": "contacts", "contacts": { "tag": "tag 0" } })).await?,
        change: new("bulk-changes", json!({ "filter": { "tag": "tag 0" }, "action": "tag", "tag": "vip" })).await?,
        redaction,
        script,
        thread: thread.to_owned(),
        job: job.to_owned(),
        act,
    })
}

type Paths = Vec<(String, String)>;

/// Returns pages by their paths alone.
fn plain(paths: &[&str]) -> Paths {
    paths.iter().map(|path| ((*path).to_owned(), (*path).to_owned())).collect()
}

/// Returns a page with an id in its path in place of `…`.
fn of(pattern: &str, id: &str) -> (String, String) {
    (pattern.to_owned(), pattern.replacen('…', id, 1))
}

/// The same with a name of its own.
fn called(name: &str, path: &str) -> (String, String) {
    (name.to_owned(), path.to_owned())
}

fn front() -> Paths {
    plain(&["/sign-in", "/sign-in/code", "/operator/sign-in"])
}

fn admins(made: &Made, size: Size) -> Paths {
    let mut pages = plain(&[
        "",
        "/goals",
        "/goals?status=active",
        "/goals/new",
        "/campaigns",
        "/campaigns/new",
        "/people",
        "/people/new",
        "/conversations",
        "/conversations?state=unresponded",
        "/conversations?search=vote",
        "/groups",
        "/groups/new",
        "/team",
        "/team/new",
        "/imports",
        "/imports/new",
        "/exports",
        "/compliance",
        "/compliance/erase",
        "/compliance/access",
        "/compliance/retention",
        "/automations",
        "/automations/new",
        "/forms",
        "/forms/new",
        "/settings",
        "/audit",
        "/bulk",
        "/bulk/new",
    ]);
    let middle = size.contacts() / 2;
    let person = id(Kind::Contact, 2);
    pages.extend([
        called("/goals/… (the large one)", &format!("/goals/{ID}")),
        called("/goals/…/texters (of the large one)", &format!("/goals/{ID}/texters")),
        of("/goals/…", &id(Kind::Goal, 1)),
        of("/goals/…/who", &made.draft),
        of("/goals/…/words", &made.draft),
        of("/goals/…/times", &made.draft),
        of("/goals/…/review", &made.draft),
        called("/campaigns/… (of all groups)", &format!("/campaigns/{ID}")),
        called("/campaigns/… (a draft for 10)", &format!("/campaigns/{}", made.campaign)),
        called("/people?name= (one finds it)", &format!("/people?name=Number{middle}")),
        called("/people?name= (nobody)", "/people?name=Nobodyhasthis"),
        called("/people?phone=", &format!("/people?phone=%2B1646{}", 2_000_000 + middle)),
        called("/people?tag= (one in a thousand)", "/people?tag=tag+0"),
        called("/people?tag= (the first seven)", "/people?tag=tag+20"),
        called("/people?group_id=", &format!("/people?group_id={}", id(Kind::Group, 1))),
        called("/people?status=opted_out", "/people?status=opted_out"),
        of("/people/…", &person),
        of("/people/…/edit", &person),
        of("/people/…/why", &person),
        called("/people/…/why?goal_id=", &format!("/people/{person}/why?goal_id={ID}")),
        called("/conversations?goal_id=", &format!("/conversations?goal_id={ID}")),
        called("/conversations?group_id=", &format!("/conversations?group_id={}", id(Kind::Group, 1))),
        called("/conversations?tag=", "/conversations?tag=tag+0"),
        of("/conversations/…", &id(Kind::Thread, 0)),
        called("/groups/… (the large one)", &format!("/groups/{ID}")),
        called("/groups/…/texters (of the large one)", &format!("/groups/{ID}/texters")),
        of("/groups/…/edit", ID),
        of("/team/…", &id(Kind::Member, AGENT)),
        of("/team/…/edit", &id(Kind::Member, AGENT)),
        of("/imports/…", &made.import),
        of("/imports/…/progress", &made.import),
        of("/imports/…/changes", &made.import),
        of("/exports/…", &made.export),
        of("/exports/…/progress", &made.export),
        of("/compliance/erasures/…", &made.redaction),
        of("/automations/…", &made.automation),
        of("/forms/…", &made.form),
        of("/bulk/…", &made.change),
        of("/bulk/…/progress", &made.change),
    ]);
    pages
}

/// Returns parts that pages ask for once they are there.
fn parts(made: &Made, size: Size) -> Paths {
    let mut parts = plain(&["/going-on", "/goals/listed", "/campaigns/listed"]);
    let middle = format!("/people/found?name=Number{}", size.contacts() / 2);
    parts.push(called("/people/found?name= (one finds it)", &middle));
    parts.push(called("/people/found?name= (nobody)", "/people/found?name=Nobodyhasthis"));
    parts.push(called("/people/found?name= (many)", "/people/found?name=Ada1"));
    for part in ["figures", "course", "forecast", "texters/list"] {
        parts.push(called(&format!("/goals/…/{part} (of the large one)"), &format!("/goals/{ID}/{part}")));
    }
    for part in ["people", "texts", "forecast"] {
        let name = format!("/goals/…/{part} (of a draft in the large group)");
        parts.push(called(&name, &format!("/goals/{}/{part}", made.draft)));
    }
    parts.push(called("/campaigns/…/figures (of all groups)", &format!("/campaigns/{ID}/figures")));
    parts.push(called("/campaigns/…/outlook (a draft for 10)", &format!("/campaigns/{}/outlook", made.campaign)));
    parts
}

fn agents(made: &Made) -> Paths {
    let mut pages = plain(&["", "/conversations", "/conversations?search=vote", "/scripts"]);
    pages.extend([
        of("/goals/…/initial", ID),
        of("/conversations/…", &made.thread),
        of("/conversations/…/opt-out", &made.thread),
        of("/scripts/…", &made.script),
    ]);
    pages
}

fn operators(made: &Made) -> Paths {
    let mut pages = plain(&[
        "",
        "/doctor",
        "/queues",
        "/queues/send",
        "/jobs",
        "/jobs?kind=upkeep&state=succeeded",
        "/acts",
        "/acts/new?verb=retry&kind=probe",
        "/workers",
        "/schedules",
        "/schedules/engine-sweep",
        "/held",
        "/unknown-texts",
        "/dead-letters",
    ]);
    pages.extend([of("/jobs/…", &made.job), of("/acts/…", &made.act)]);
    pages
}

impl Page {
    /// Returns the request of a browser that opens the page.
    pub(crate) fn request(&self, http: &reqwest::Client, base: &str, operator: &str) -> reqwest::RequestBuilder {
        let request = http.request(Method::GET, format!("{base}{}", self.path)).header("user-agent", "Bench");
        let request = request.header("sec-fetch-site", "none");
        match self.who {
            Who::Nobody => request,
            Who::Admin => request.header("cookie", format!("__Host-muster={}", session(0))),
            Who::Agent => request.header("cookie", format!("__Host-muster={}", session(AGENT))),
            Who::Operator => request.header("cookie", format!("__Host-muster-operator={operator}")),
        }
    }
}
