//! `…/people/{id}`: everything about one person, and acts on them.

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use muster_domain::people::{contact::ContactSource, line::LineType};
use serde::Deserialize;

use crate::{
    app::{
        Ids,
        desk::{Desk, Group, group_name, group_options},
        kit::{Act, Body, Cell, Field, Form, Link, Table, Tone},
        people::list::{Person, standing},
    },
    client::{Answer, List, Problem, operations::admin as operations},
    words::states,
};

#[derive(Debug, Deserialize)]
pub(crate) struct Card {
    #[serde(flatten)]
    pub(crate) person: Person,
    pub(crate) email: Option<String>,
    pub(crate) postal_code: Option<String>,
    pub(crate) notes: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) carrier: Option<String>,
    pub(crate) opt_out_reason: Option<String>,
    pub(crate) source: String,
    pub(crate) source_import_id: Option<String>,
    pub(crate) consent_text: Option<String>,
    pub(crate) created_at: String,
}

#[derive(Debug, Deserialize)]
struct Texter {
    id: String,
    first_name: String,
    last_name: String,
}

/// Returns a person's card, with the version for an edit.
pub(crate) async fn card(desk: &Desk, id: &str) -> Result<Answer<Card>, Problem> {
    desk.call(&operations::CONTACT, [id]).answer().await
}

pub(crate) async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let card = card(&desk, &ids.contact_id).await?.body;
    let groups = desk.groups().await?;
    let person = &card.person;
    let at = |path: &str| desk.at(&format!("/people/{}{path}", person.id));
    let mut body = Body::new();
    body.facts(&[
        ("Standing".to_owned(), standing(person)),
        ("Phone".to_owned(), Cell::some(person.phone.as_deref().map(crate::app::phone).as_deref())),
    ]);
    if person.redacted_at.is_some() {
        body.note(
            Tone::Plain,
            "This person was erased",
            "Their history stays in counts, without anything about \
            them.",
        );
        return Ok(desk.page("An erased person", "people", body));
    }
    let talk = person
        .phone
        .as_deref()
        .map(|phone| desk.at(&format!("/conversations?{}", crate::app::query(&[("phone", phone)]))));
    let links = [Link::main(at("/why"), "Why was or wasn't this person texted?"), Link::new(at("/edit"), "Edit")];
    let talk = talk.map(|href| Link::new(href, "Read the conversation"));
    body.links(&links.into_iter().chain(talk).collect::<Vec<_>>());
    details(&desk, &card, &mut body);
    in_groups(&desk, person, &groups, &mut body).await?;
    stops(&desk, &card, &mut body);
    Ok(desk.page(crate::app::name(&person.first_name, &person.last_name), "people", body))
}

fn details(desk: &Desk, card: &Card, body: &mut Body) {
    let line = states::of_word::<LineType>(&card.person.line_type);
    let source = states::name::<ContactSource>(&card.source);
    let source = match &card.source_import_id {
        Some(id) => Cell::link(desk.at(&format!("/imports/{id}")), source),
        None => Cell::text(source),
    };
    let some = |name: &str, value: Option<&str>| (name.to_owned(), Cell::some(value));
    let mut facts = vec![
        some("Email", card.email.as_deref()),
        some("Postal code", card.postal_code.as_deref()),
        some("Tags", Some(&card.person.tags.join(", "))),
        some("Notes for texters", card.notes.as_deref()),
        some("Your own id", card.external_id.as_deref()),
        ("Kind of number".to_owned(), Cell::state(Tone::Plain, &line)),
        some("Phone company", card.carrier.as_deref()),
        ("Comes from".to_owned(), source),
        ("Since".to_owned(), Cell::Time(card.created_at.clone())),
        some("Agreed to", card.consent_text.as_deref()),
    ];
    facts.extend(card.fields.iter().map(|(name, value)| (name.clone(), Cell::text(value))));
    body.heading("About them").facts(&facts);
}

async fn in_groups(desk: &Desk, person: &Person, groups: &[Group], body: &mut Body) -> Result<(), Problem> {
    body.heading("Groups");
    let mut table = Table::new(
        "Groups of this person",
        &["Group", "Standing there", "Texter", ""],
        "In no group. No goal can text them.",
    );
    for one in &person.memberships {
        let action = desk.at(&format!("/people/{}/groups/{}", person.id, one.group_id));
        let act = |what: &str, text: &str| Act::new(format!("{what}-{}", one.group_id), &action, text).with("do", what);
        let switch = if one.active { act("off", "Switch off") } else { act("on", "Switch on") };
        let leave = act("leave", "Take out").sure(
            "Texts to them that wait in this group are stopped. You can add them \
                again.",
        );
        let texter = if one.assigned_agent_id.is_some() { "Has one" } else { "Nobody in particular" };
        let (tone, is) = if one.active { (Tone::Good, "On") } else { (Tone::Warn, "Switched off") };
        let state = Cell::State { tone, what: is.to_owned(), why: String::new() };
        table.row(vec![
            Cell::text(group_name(groups, &one.group_id)),
            state,
            Cell::text(texter),
            Cell::Acts(vec![switch, leave]),
        ]);
    }
    body.table(&table);
    let mut more = Body::new();
    let others: Vec<_> =
        groups.iter().filter(|group| person.memberships.iter().all(|one| one.group_id != group.id)).cloned().collect();
    if !others.is_empty() {
        let action = desk.at(&format!("/people/{}/groups/any", person.id));
        let form = Form::new("join", action, "Add to the group").add(Field::hidden("do", "join"));
        more.form(&form.add(Field::choice("group_id", "Another group", group_options(&others, None))));
    }
    for one in &person.memberships {
        let call = desk
            .call(&operations::MEMBERS, [])
            .query("role", "agent")
            .query("group_id", &one.group_id)
            .query("limit", 100);
        let texters: List<Texter> = call.read().await?;
        if texters.items.is_empty() {
            continue;
        }
        let nobody = (String::new(), "Nobody in particular".to_owned());
        let names = texters
            .items
            .into_iter()
            .map(|texter| (texter.id, crate::app::name(&texter.first_name, &texter.last_name)));
        let action = desk.at(&format!("/people/{}/groups/{}", person.id, one.group_id));
        let label = format!("Texter in {}", group_name(groups, &one.group_id));
        let form = Form::new(&format!("texter-{}", one.group_id), action, "Give to this texter")
            .add(Field::hidden("do", "assign"));
        more.form(
            &form.add(
                Field::choice("agent_id", &label, std::iter::once(nobody).chain(names).collect())
                    .value(one.assigned_agent_id.clone().unwrap_or_default()),
            ),
        );
    }
    body.fold("Change groups and texters", &more);
    Ok(())
}

fn stops(desk: &Desk, card: &Card, body: &mut Body) {
    let person = &card.person;
    body.heading("Texts to them");
    if let Some(at) = &person.opted_out_at {
        body.facts(&[
            ("No texts since".to_owned(), Cell::Time(at.clone())),
            ("How it is known".to_owned(), Cell::some(card.opt_out_reason.as_deref())),
        ]);
        if desk.is_account_admin() {
            let sure = "Do this only if the person has asked for texts again, and you can show it.";
            body.act(
                &Act::new("start", desk.at(&format!("/people/{}/start", person.id)), "Allow texts again").sure(sure),
            );
        } else {
            body.say("Only the person can change that, by texting START, or an account admin on their word.");
        }
        return;
    }
    body.say(
        "If the person asks for no more texts in any way, write it down here. It holds at once, also for \
        texts that wait.",
    );
    let form = Form::new("stop", desk.at(&format!("/people/{}/stop", person.id)), "Stop texts to this person");
    let reason = Field::text("reason", "How do you know?")
        .needed()
        .at_most(200)
        .hint("Such as: asked by phone. No names or numbers.");
    body.form(&form.add(reason));
}
