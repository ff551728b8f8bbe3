//! `…/compliance`: people that stopped texts, erasing a person, everything about a person as a
//! file, and times after which records leave.

mod retention;

use std::future::{Ready, ready};

use axum::{
    Router,
    extract::{Path, RawQuery},
    response::Response,
    routing::{get, post},
};
use muster_domain::{people::contact::OptOutOrigin, trust::export::ExportState};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Console,
    app::{
        Ids,
        desk::{Desk, key, once},
        kit::{Act, Body, Cell, Field, Form, Link, Table, Tone},
    },
    client::{List, Problem, operations::admin as operations},
    flash::Flash,
    form::Fields,
    page::see,
    words::states::{self, Plain},
};

/// The words that are typed before a person is erased.
const UNDERSTOOD: &str = "I understand this cannot be undone";

#[derive(Deserialize)]
struct OptOut {
    contact_id: String,
    phone: String,
    opted_out_at: String,
    origin: Option<String>,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct OptOuts {
    items: Vec<OptOut>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Found {
    opted_out: bool,
    since: Option<String>,
    origin: Option<String>,
    contact_id: Option<String>,
}

#[derive(Deserialize)]
struct Made {
    id: Option<String>,
}

#[derive(Deserialize)]
struct Redaction {
    done: bool,
    contacts: i64,
    messages: i64,
    requested_at: String,
    finished_at: Option<String>,
}

#[derive(Deserialize)]
struct Request {
    id: String,
    contact_id: String,
    state: String,
    created_at: String,
    rows: i64,
    file_ended_at: Option<String>,
}

#[derive(Deserialize)]
struct NewLink {
    path: String,
    expires_at: String,
}

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/compliance", get(show))
        .route("/compliance/look", post(look_up))
        .route("/compliance/erase", get(erase_form).post(erase))
        .route("/compliance/erasures/{redaction_id}", get(erased))
        .route("/compliance/access", get(access).post(ask))
        .route("/compliance/access/{export_id}/link", post(link))
        .route("/compliance/retention", get(retention::show))
        .route("/compliance/retention/people", get(retention::people))
}

fn ways(desk: &Desk) -> Vec<Link> {
    let mut links = vec![
        Link::new(desk.at("/compliance"), "People who stopped texts"),
        Link::new(desk.at("/compliance/access"), "Everything about one person"),
        Link::new(desk.at("/compliance/retention"), "How long records stay"),
    ];
    if desk.is_account_admin() {
        links.push(Link::new(desk.at("/compliance/erase"), "Erase a person"));
    }
    links
}

async fn show(desk: Desk, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let mut body = Body::new();
    body.links(&ways(&desk));
    let form = Form::new("look", desk.at("/compliance/look"), "Look up");
    body.form(&form.add(Field::line("phone", "Did this number stop texts?", "tel").needed()));
    opt_outs(&desk, &asked, &mut body).await?;
    Ok(desk.page("People who stopped texts", "compliance", body))
}

async fn opt_outs(desk: &Desk, asked: &Fields, body: &mut Body) -> Result<(), Problem> {
    let any = (String::new(), "Any".to_owned());
    let origins = OptOutOrigin::ALL.iter().map(|origin| (origin.to_string(), origin.english().what.to_owned()));
    let form = Form::asking("find", desk.at("/compliance"), "Show");
    body.form(
        &form.add(
            Field::choice("origin", "How it is known", std::iter::once(any).chain(origins).collect())
                .value(asked.get("origin")),
        ),
    );
    let call = desk.call(&operations::OPT_OUTS, []).query("limit", 25).query_some("origin", asked.some("origin"));
    let list: OptOuts = call.query_some("cursor", asked.some("cursor")).read().await?;
    let heads = ["Phone", "Since", "How it is known", "Reason"];
    let mut table = Table::new(
        "People who stopped texts",
        &heads,
        "Nobody has stopped texts. When somebody texts STOP, they are here.",
    );
    for one in &list.items {
        table.row(vec![
            Cell::link(desk.at(&format!("/people/{}", one.contact_id)), crate::app::phone(&one.phone)),
            Cell::Time(one.opted_out_at.clone()),
            Cell::text(one.origin.as_deref().map_or("–", states::name::<OptOutOrigin>)),
            Cell::some(one.reason.as_deref()),
        ]);
    }
    table.more(list.next.map(|next| {
        desk.at(&format!("/compliance?{}", crate::app::query(&[("origin", asked.get("origin")), ("cursor", &next)])))
    }));
    body.table(&table);
    body.links(&[Link::new(desk.api("/opt-outs.csv"), "Download them all")]);
    Ok(())
}

async fn look_up(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let asked = json!({ "phone": fields.get("phone") });
    let found: Result<Found, Problem> = desk.call(&operations::LOOK_UP_OPT_OUT, []).json(&asked).read().await;
    let mut body = Body::new();
    body.links(&ways(&desk));
    match found {
        Ok(found) => {
            let (tone, title) = if found.opted_out {
                (Tone::Warn, "Yes, this number stopped texts")
            } else {
                (Tone::Good, "No, this number did not stop texts")
            };
            let how = found.origin.as_deref().map_or("", |origin| states::of_word::<OptOutOrigin>(origin).why);
            body.note(tone, title, how);
            if let Some(since) = found.since {
                body.facts(&[("Since".to_owned(), Cell::Time(since))]);
            }
            if let Some(id) = found.contact_id {
                body.links(&[Link::main(desk.at(&format!("/people/{id}")), "Open the card")]);
            }
            Ok(desk.page("Did this number stop texts?", "compliance", body))
        }
        Err(problem) if problem.is_of_the_input() => {
            let form = Form::new("look", desk.at("/compliance/look"), "Look up");
            let form = form
                .add(Field::line("phone", "Did this number stop texts?", "tel").value(fields.raw("phone")).needed());
            body.form(&desk.refused(form, Some(&problem)));
            Ok(desk.wrong(&problem, "Did this number stop texts?", "compliance", body))
        }
        Err(problem) => Err(problem),
    }
}

fn erase_content(desk: &Desk, problem: Option<&Problem>) -> Body {
    let mut body = Body::new();
    body.links(&ways(desk));
    if !desk.is_account_admin() {
        body.note(Tone::Plain, "Account admins alone erase people", "Ask one of them.");
        return body;
    }
    let what = "Names, phone, email, notes, tags and texts of the person are erased in every organization of \
        the account, for good. Counts stay. Nothing is sent to them from this moment on.";
    body.note(Tone::Bad, "This cannot be undone", what);
    let form = Form::new("erase", desk.at("/compliance/erase"), "Erase this person for good")
        .add(Field::hidden("key", once()))
        .add(Field::line("phone", "The person's phone", "tel").needed())
        .add(Field::text("confirmation", "Type the sentence").needed().hint(format!("{UNDERSTOOD}.")));
    body.form(&desk.refused(form, problem));
    body
}

#[expect(clippy::needless_pass_by_value, reason = "a handler owns its extractors")]
fn erase_form(desk: Desk) -> Ready<Response> {
    let body = erase_content(&desk, None);
    ready(desk.page("Erase a person", "compliance", body))
}

async fn erase(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let wanted = json!({
        "phone": crate::app::e164(fields.get("phone")),
        "confirmation": fields.get("confirmation").trim_end_matches('.'),
    });
    let made: Result<Made, Problem> =
        desk.visit.call(&operations::REDACT, []).json(&wanted).key(&key(fields.get("key"))).read().await;
    match made {
        Ok(made) => Ok(see(&desk.at(&format!("/compliance/erasures/{}", made.id.unwrap_or_default())))),
        Err(problem) if problem.is_of_the_input() => {
            let body = erase_content(&desk, Some(&problem));
            Ok(desk.wrong(&problem, "Erase a person", "compliance", body))
        }
        Err(problem) => Err(problem),
    }
}

async fn erased(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let redaction: Redaction = desk.visit.call(&operations::REDACTION, [&ids.redaction_id]).read().await?;
    let mut body = Body::new();
    body.links(&ways(&desk));
    if redaction.done {
        body.note(
            Tone::Good,
            "It is done",
            "The person is erased everywhere. Keep the address of this page as your receipt.",
        );
    } else {
        body.note(
            Tone::Plain,
            "It goes on",
            "Nothing is sent to the person any more. Files and old texts are being cleaned. Load the page again \
                later.",
        );
    }
    body.facts(&[
        ("Asked for".to_owned(), Cell::Time(redaction.requested_at)),
        ("Done".to_owned(), Cell::time(redaction.finished_at.as_deref())),
        ("Cards erased".to_owned(), Cell::Number(redaction.contacts)),
        ("Texts erased".to_owned(), Cell::Number(redaction.messages)),
    ]);
    Ok(desk.page("Erasing a person", "compliance", body))
}

async fn access_content(desk: &Desk, problem: Option<&Problem>) -> Result<Body, Problem> {
    let mut body = Body::new();
    body.links(&ways(desk));
    if !desk.is_organization_admin() {
        body.note(Tone::Plain, "Organization admins do this", "Ask one of them.");
        return Ok(body);
    }
    let list: List<Request> = desk.call(&operations::ACCESS_REQUESTS, []).query("limit", 50).read().await?;
    body.say("When a person asks what you keep about them, everything goes into one file.");
    let form = Form::new("access", desk.at("/compliance/access"), "Make the file")
        .add(Field::hidden("key", once()))
        .add(Field::line("phone", "The person's phone", "tel").needed())
        .add(
            Field::text("reason", "Why")
                .needed()
                .at_most(200)
                .hint("Such as: they asked by mail. No names or numbers."),
        );
    body.form(&desk.refused(form, problem));
    let mut table =
        Table::new("Files that were asked for", &["Person", "State", "When", "Records", ""], "Nobody has asked yet.");
    for request in &list.items {
        let is_there = request.state == "succeeded" && request.file_ended_at.is_none();
        let link = Act::new(
            format!("link-{}", request.id),
            desk.at(&format!("/compliance/access/{}/link", request.id)),
            "Get a link",
        );
        let acts = if is_there { vec![link] } else { Vec::new() };
        table.row(vec![
            Cell::link(desk.at(&format!("/people/{}", request.contact_id)), "Open the card"),
            Cell::state(Tone::Plain, &states::of_word::<ExportState>(&request.state)),
            Cell::Time(request.created_at.clone()),
            Cell::Number(request.rows),
            Cell::Acts(acts),
        ]);
    }
    body.table(&table);
    Ok(body)
}

async fn access(desk: Desk) -> Result<Response, Problem> {
    let body = access_content(&desk, None).await?;
    Ok(desk.page("Everything about one person", "compliance", body))
}

async fn ask(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let wanted = json!({ "phone": fields.get("phone"), "reason": fields.get("reason") });
    let call = desk.call(&operations::NEW_ACCESS_REQUEST, []).json(&wanted).key(&key(fields.get("key")));
    match call.done().await {
        Ok(()) => Ok(desk.done("/compliance/access", "The file is being written. Load the page again in a moment.")),
        Err(problem) if problem.is_of_the_input() => {
            let body = access_content(&desk, Some(&problem)).await?;
            Ok(desk.wrong(&problem, "Everything about one person", "compliance", body))
        }
        Err(problem) => Err(problem),
    }
}

async fn link(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let made: Result<NewLink, Problem> =
        desk.call(&operations::ACCESS_REQUEST_LINK, [&ids.export_id]).key(&once()).read().await;
    match made {
        Ok(made) => {
            let mut body = Body::new();
            shown(&made.path, &made.expires_at, &mut body);
            body.links(&[Link::new(desk.at("/compliance/access"), "Back")]);
            Ok(desk.page("Your link", "compliance", body))
        }
        Err(problem) if problem.is_of_the_input() => {
            Ok(Flash::bad(desk.sentence(&problem)).on(see(&desk.at("/compliance/access"))))
        }
        Err(problem) => Err(problem),
    }
}

/// Adds a link to a file, which is shown this once.
pub(crate) fn shown(path: &str, expires_at: &str, body: &mut Body) {
    body.note(
        Tone::Warn,
        "This link is shown once",
        "Whoever has it can download the file until it ends. Make one for each person.",
    );
    body.facts(&[("It ends".to_owned(), Cell::Time(expires_at.to_owned()))]);
    body.links(&[Link::main(path, "Download the file")]);
}
