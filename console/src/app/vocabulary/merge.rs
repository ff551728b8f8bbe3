//! A tag or a field that becomes another one, and how far that is.

use axum::{extract::Path, response::Response};
use muster_domain::people::merge::MergeStep;
use serde::Deserialize;
use serde_json::json;

use super::{
    FIELDS, Kind, TAGS,
    item::{Item, again},
};
use crate::{
    app::{
        Ids,
        desk::{Desk, key, once},
        kit::{Body, Cell, Field, Form, Link, Tone},
    },
    client::{List, Problem, operations::admin as operations},
    form::Fields,
    page::see,
    words::states::Plain,
};

/// Others that the form offers.
const OTHERS: u32 = 500;

#[derive(Deserialize)]
struct Named {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct Made {
    id: String,
}

#[derive(Deserialize)]
struct Merge {
    id: String,
    kind: String,
    into: String,
    step: String,
    contacts: i64,
    created_at: String,
    finished_at: Option<String>,
}

/// Returns the form that merges one into another, where there is another.
pub(super) async fn form(kind: &Kind, desk: &Desk, item: &Item) -> Result<Option<Form>, Problem> {
    let list: List<Named> = desk.call(kind.list, []).query("limit", OTHERS).read().await?;
    let others = list.items.into_iter().filter(|other| other.id != item.id).map(|other| (other.id, other.name));
    let others: Vec<_> = others.collect();
    if others.is_empty() {
        return Ok(None);
    }
    let form = Form::new("merge", desk.at(&format!("{}/merge", kind.at(&item.id))), "Merge them")
        .add(Field::hidden("key", once()))
        .add(Field::choice("into", "The other, which stays", others).needed());
    Ok(Some(form))
}

pub(super) async fn start(
    kind: &'static Kind,
    desk: Desk,
    Path(ids): Path<Ids>,
    fields: Fields,
) -> Result<Response, Problem> {
    let wanted = json!({ "into": fields.get("into") });
    let call = desk.call(kind.merge, [kind.id(&ids)]).json(&wanted).key(&key(fields.get("key")));
    let made: Result<Made, Problem> = call.read().await;
    begun(kind, &desk, kind.id(&ids), "merge", made).await
}

pub(super) async fn rename(
    kind: &'static Kind,
    desk: Desk,
    Path(ids): Path<Ids>,
    fields: Fields,
) -> Result<Response, Problem> {
    let operation = kind.rename.ok_or_else(Problem::nothing)?;
    let wanted = json!({ "name": fields.get("name") });
    let call = desk.call(operation, [kind.id(&ids)]).json(&wanted).key(&key(fields.get("key")));
    let made: Result<Made, Problem> = call.read().await;
    begun(kind, &desk, kind.id(&ids), "rename", made).await
}

async fn begun(
    kind: &'static Kind,
    desk: &Desk,
    id: &str,
    form: &str,
    made: Result<Made, Problem>,
) -> Result<Response, Problem> {
    match made {
        Ok(made) => Ok(see(&desk.at(&format!("/merges/{}", made.id)))),
        Err(problem) if problem.is_of_the_input() => again(kind, desk, id, form, &problem).await,
        Err(problem) => Err(problem),
    }
}

async fn progress(desk: &Desk, id: &str, body: &mut Body) -> Result<(), Problem> {
    let merge: Merge = desk.call(&operations::MERGE, [id]).read().await?;
    let step = MergeStep::parse(&merge.step);
    let is_over = step == Some(MergeStep::Done);
    let mut live = Body::new();
    let tone = if is_over { Tone::Good } else { Tone::Plain };
    if let Some(step) = step {
        live.words(tone, &step.english());
    }
    live.facts(&[
        ("People done".to_owned(), Cell::Number(merge.contacts)),
        ("Asked for".to_owned(), Cell::Time(merge.created_at)),
        ("Finished".to_owned(), Cell::time(merge.finished_at.as_deref())),
    ]);
    if is_over {
        let kind = if merge.kind == "tag" { &TAGS } else { &FIELDS };
        live.links(&[
            Link::main(desk.at(&kind.at(&merge.into)), "See the one that stays"),
            Link::new(desk.at(kind.path), format!("All {}", kind.title.to_lowercase())),
        ]);
    }
    body.live("merge", &desk.at(&format!("/merges/{}/progress", merge.id)), is_over, &live);
    Ok(())
}

pub(super) async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let mut body = Body::new();
    progress(&desk, &ids.merge_id, &mut body).await?;
    Ok(desk.page("One becomes the other", "tags", body))
}

/// How far it is alone, which the page asks for again.
pub(super) async fn part(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let mut body = Body::new();
    progress(&desk, &ids.merge_id, &mut body).await?;
    Ok(Desk::part(body))
}
