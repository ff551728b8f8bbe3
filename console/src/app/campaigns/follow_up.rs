//! `…/campaigns/{id}/follow-up`: a campaign for people by their results in an earlier one, group
//! by group.

use axum::{extract::Path, response::Response};
use serde_json::json;

use super::{Made, goal, input};
use crate::{
    app::{
        Ids,
        desk::{Desk, key, once},
        goals::results,
        kit::{Body, Field, Form},
    },
    client::{Problem, operations::admin as operations},
    form::Fields,
    page::see,
};

async fn content(desk: &Desk, id: &str, typed: &Fields, problem: Option<&Problem>) -> Result<Body, Problem> {
    let campaign = super::campaign(desk, id, false).await?;
    let mut body = Body::new();
    body.say(format!(
        "In each group where “{}” was launched, a new goal for people by what came of it there. It is saved as \
         drafts.",
        campaign.name
    ));
    let at = desk.at(&format!("/campaigns/{}", campaign.id));
    let form = Form::new("campaign", format!("{at}/follow-up"), "Save and review")
        .add(Field::hidden("key", typed.some("key").map_or_else(once, ToOwned::to_owned)))
        .add(results(typed))
        .add(Field::text("name", "Name").value(typed.raw("name")).needed().at_most(200));
    body.form(&desk.refused(goal(form, typed).back(at), problem));
    Ok(body)
}

pub(super) async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let body = content(&desk, &ids.campaign_id, &Fields::default(), None).await?;
    Ok(desk.page("Follow it up", "campaigns", body))
}

pub(super) async fn make(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let any_of: Vec<_> = fields.all("any_of").collect();
    let wanted = json!({ "name": fields.get("name"), "any_of": any_of, "goal": input(&fields) });
    let call = desk.call(&operations::FOLLOW_UP_CAMPAIGN, [&ids.campaign_id]).json(&wanted);
    let made: Result<Made, Problem> = call.key(&key(fields.get("key"))).read().await;
    match made {
        Ok(made) => Ok(see(&desk.at(&format!("/campaigns/{}", made.id)))),
        Err(problem) if problem.is_of_the_input() => {
            let body = content(&desk, &ids.campaign_id, &fields, Some(&problem)).await?;
            Ok(desk.wrong(&problem, "Follow it up", "campaigns", body))
        }
        Err(problem) => Err(problem),
    }
}
