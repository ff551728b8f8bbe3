//! `…/campaigns`: one goal in many groups at once.

mod follow_up;

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, RawQuery},
    response::Response,
    routing::{get, post},
};
use muster_domain::goals::{answer::Answer, campaign::CampaignAction, goal::GoalStatus};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Console,
    app::{
        Ids,
        desk::{Desk, group_name, group_options, key, once},
        goals::{
            answer::{Figures, Goal, Stats},
            date, purpose,
        },
        kit::{Act, Body, Cell, Field, Form, Link, Table, Tone},
        when,
    },
    client::{List, Problem, operations::admin as operations},
    form::Fields,
    page::see,
    pictures::{number, percent},
    words::states::{self, Plain},
};

#[derive(Deserialize)]
struct Item {
    id: String,
    name: String,
    goals: BTreeMap<String, i64>,
    figures: Option<Figures>,
    created_at: String,
}

#[derive(Deserialize)]
struct Campaign {
    id: String,
    name: String,
    goals: Vec<Goal>,
    /// Where they are asked for.
    stats: Option<Stats>,
}

#[derive(Deserialize)]
struct Made {
    id: String,
}

#[derive(Deserialize)]
struct Preview {
    goal_id: String,
    contacts: i64,
    segments: i64,
}

#[derive(Deserialize)]
struct Forecast {
    finishes_at: Option<String>,
    reached: i64,
    unreached: i64,
}

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/campaigns", get(list))
        .route("/campaigns/listed", get(part))
        .route("/campaigns/new", get(new).post(make))
        .route("/campaigns/{campaign_id}", get(show))
        .route("/campaigns/{campaign_id}/figures", get(figures_part))
        .route("/campaigns/{campaign_id}/outlook", get(outlook))
        .route("/campaigns/{campaign_id}/follow-up", get(follow_up::show).post(follow_up::make))
        .route("/campaigns/{campaign_id}/launch", post(launch))
        .route("/campaigns/{campaign_id}/act", post(act))
}

async fn list(desk: Desk, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let mut body = Body::new();
    body.say("A campaign is one goal in many groups at once. Each group texts at its own local time.");
    if desk.is_organization_admin() {
        body.links(&[Link::main(desk.at("/campaigns/new"), "Start in many groups at once")]);
    }
    let listed = listed(&desk, &asked, false).await?;
    let kept = crate::app::query(&[("cursor", asked.get("cursor"))]);
    body.later("listed", &desk.at(&format!("/campaigns/listed?{kept}")), &listed);
    Ok(desk.page("Campaigns", "campaigns", body))
}

/// The list with its figures, after its page: they are counted at each look.
async fn part(desk: Desk, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    Ok(Desk::part(listed(&desk, &asked, true).await?))
}

async fn listed(desk: &Desk, asked: &Fields, figures: bool) -> Result<Body, Problem> {
    let call = desk.call(&operations::CAMPAIGNS, []).query("figures", figures).query("limit", 20);
    let list: List<Item> = call.query_some("cursor", asked.some("cursor")).read().await?;
    let heads = ["Campaign", "Goals", "When made", "People", "Texted", "Answered", "Yes", "Stopped"];
    let mut table =
        Table::new("Campaigns", &heads, "There is no campaign yet. With one group, a goal is all you need.");
    for campaign in &list.items {
        let goals = campaign.goals.iter().filter(|(_, count)| **count > 0);
        let goals: Vec<_> = goals
            .map(|(status, count)| format!("{count} {}", states::name::<GoalStatus>(status).to_lowercase()))
            .collect();
        let told = [
            Cell::link(desk.at(&format!("/campaigns/{}", campaign.id)), &campaign.name),
            Cell::text(goals.join(", ")),
            Cell::Time(campaign.created_at.clone()),
        ];
        let counted = Cell::counted(
            campaign
                .figures
                .as_ref()
                .map(|figures| [figures.targeted, figures.messaged, figures.replied, figures.yes, figures.opted_out]),
        );
        table.row(told.into_iter().chain(counted).collect());
    }
    table.more(list.next.map(|next| desk.at(&format!("/campaigns?{}", crate::app::query(&[("cursor", &next)])))));
    let mut body = Body::new();
    body.table(&table);
    Ok(body)
}

async fn content(desk: &Desk, typed: &Fields, problem: Option<&Problem>) -> Result<Body, Problem> {
    let groups = desk.groups().await?;
    let mut body = Body::new();
    if groups.iter().all(|group| group.archived) {
        body.note(Tone::Warn, "First you need groups", "Import a file of people: it makes a group.");
        body.links(&[Link::main(desk.at("/imports/new"), "Import people")]);
        return Ok(body);
    }
    body.say("It is saved as drafts. You see what it means for each group, and launch then.");
    let boxes = Field::boxes("groups", "Groups", group_options(&groups, None));
    let boxes = typed.all("groups").fold(boxes, Field::value);
    let form = Form::new("campaign", desk.at("/campaigns/new"), "Save and review")
        .add(Field::hidden("key", typed.some("key").map_or_else(once, ToOwned::to_owned)))
        .add(Field::text("name", "Name").value(typed.raw("name")).needed().at_most(200))
        .add(boxes);
    let form = goal(form, typed).back(desk.at("/campaigns"));
    body.form(&desk.refused(form, problem));
    Ok(body)
}

/// Adds the fields of the goal that all groups get.
fn goal(form: Form, typed: &Fields) -> Form {
    purpose(form, typed)
        .add(Field::area("script", "First text").value(typed.raw("script")).needed().at_most(1600).hint(
            "{{first_name|there}} becomes the person's first name. Say how to stop: Reply STOP to get no more texts.",
        ))
        .add(
            Field::text("tags_all", "Only people with all of these tags")
                .value(typed.raw("tags_all"))
                .hint("Part them by commas. Blank means everybody."),
        )
        .add(
            Field::line("opens", "Texting opens", "datetime-local")
                .value(typed.get("opens"))
                .hint("Blank means the usual time for what it is for."),
        )
        .add(Field::line("closes", "Texting closes", "datetime-local").value(typed.get("closes")))
}

/// Returns the goal of a form as the API takes it.
fn input(fields: &Fields) -> serde_json::Value {
    let tags: Vec<_> = fields.get("tags_all").split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect();
    json!({
        "name": fields.get("name"),
        "goal_type": fields.get("goal_type"),
        "date": date(fields),
        "script": fields.get("script"),
        "targeting": { "tags_all": tags },
        "opens": fields.some("opens"),
        "closes": fields.some("closes"),
    })
}

async fn new(desk: Desk) -> Result<Response, Problem> {
    let body = content(&desk, &Fields::default(), None).await?;
    Ok(desk.page("Start in many groups", "campaigns", body))
}

async fn make(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let groups: Vec<_> = fields.all("groups").collect();
    let wanted = json!({ "name": fields.get("name"), "group_ids": groups, "goal": input(&fields), "draft": true });
    let call = desk.call(&operations::NEW_CAMPAIGN, []).json(&wanted).key(&key(fields.get("key")));
    let made: Result<Made, Problem> = call.read().await;
    match made {
        Ok(made) => Ok(see(&desk.at(&format!("/campaigns/{}", made.id)))),
        Err(problem) if problem.is_of_the_input() => {
            let body = content(&desk, &fields, Some(&problem)).await?;
            Ok(desk.wrong(&problem, "Start in many groups", "campaigns", body))
        }
        Err(problem) => Err(problem),
    }
}

async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let campaign = campaign(&desk, &ids.campaign_id, false).await?;
    let mut body = Body::new();
    let at = |path: &str| desk.at(&format!("/campaigns/{}/{path}", campaign.id));
    // Both read the people of all its groups, which takes longer than a page may.
    if campaign.goals.iter().any(Goal::is_draft) {
        body.later("outlook", &at("outlook"), &Body::new());
        let launch = Act::new("launch", at("launch"), "Launch in all groups").main();
        body.say("People are chosen at the launch, and cannot change afterwards. You can pause at any time.");
        body.act(&launch);
    } else {
        body.links(&[Link::new(at("follow-up"), "Follow it up by what came of it")]);
        body.heading("So far").later("figures-so-far", &at("figures"), &Body::new());
    }
    goals(&desk, &campaign, &mut body).await?;
    acts(&desk, &campaign, &mut body);
    Ok(desk.page(campaign.name, "campaigns", body))
}

async fn campaign(desk: &Desk, id: &str, stats: bool) -> Result<Campaign, Problem> {
    desk.call(&operations::CAMPAIGN, [id]).query("stats", stats).read().await
}

/// The effects of a launch.
async fn outlook(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let mut body = Body::new();
    let previews: List<Preview> =
        desk.call(&operations::CAMPAIGN_PREVIEW, [&ids.campaign_id]).query("limit", 500).read().await?;
    let people: i64 = previews.items.iter().map(|preview| preview.contacts).sum();
    let parts: i64 = previews.items.iter().map(|preview| preview.segments).sum();
    body.note(
        Tone::Good,
        &format!("{} people would be texted", number(people)),
        format!("About {} parts of texts in all.", number(parts)),
    );
    let mut table =
        Table::new("What it means for each group", &["Goal", "People", "Parts of texts"], "There is no group in it.");
    for preview in &previews.items {
        let link = Cell::link(desk.at(&format!("/goals/{}/review", preview.goal_id)), "Review it");
        table.row(vec![link, Cell::Number(preview.contacts), Cell::Number(preview.segments)]);
    }
    body.table(&table);
    let forecast: Forecast = desk.call(&operations::CAMPAIGN_FORECAST, [&ids.campaign_id]).read().await?;
    match &forecast.finishes_at {
        Some(at) => {
            body.say("If your texters send without a pause, the last text goes at this time:");
            body.facts(&[("The last text".to_owned(), Cell::Time(at.clone()))]);
        }
        None => {
            let told = format!(
                "{} are reached, {} are not, because there are too many for the time or the daily allowances.",
                number(forecast.reached),
                number(forecast.unreached)
            );
            body.note(Tone::Warn, "Not everybody would be reached", told);
        }
    }
    Ok(Desk::part(body))
}

/// The figures of all its goals together.
async fn figures_part(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let stats = campaign(&desk, &ids.campaign_id, true).await?.stats.unwrap_or_default();
    let mut body = Body::new();
    let share = |part: i64| format!("{} ({} %)", number(part), percent(part, stats.messaged));
    let answer = |answer: Answer| stats.answers.get(answer.as_str()).copied().unwrap_or(0);
    let fact = |name: &str, value: String| (name.to_owned(), Cell::text(value));
    body.facts(&[
        fact("People", number(stats.targeted)),
        fact("Texted", number(stats.messaged)),
        fact("Wrote back", share(stats.replied)),
        fact("Yes", share(answer(Answer::Yes))),
        fact("Stopped texts", share(stats.opted_out)),
        fact("Parts of texts", number(stats.segments)),
    ]);
    Ok(Desk::part(body))
}

async fn goals(desk: &Desk, campaign: &Campaign, body: &mut Body) -> Result<(), Problem> {
    let groups = desk.groups().await?;
    let mut table = Table::new("Its goals", &["Group", "State", "Opens there", "Closes there"], "");
    for goal in &campaign.goals {
        let name = group_name(&groups, &goal.group_id);
        let gap = |local: &str| when::gap(local, &goal.zone).map_or_else(String::new, |gap| format!(" {gap}"));
        table.row(vec![
            Cell::link(desk.at(&format!("/goals/{}", goal.id)), name),
            goal.state(),
            Cell::text(format!("{}{}", when::clock(&goal.opens), gap(&goal.opens))),
            Cell::text(format!("{}{}", when::clock(&goal.closes), gap(&goal.closes))),
        ]);
    }
    body.heading("Groups").table(&table);
    Ok(())
}

fn acts(desk: &Desk, campaign: &Campaign, body: &mut Body) {
    let is = |status: GoalStatus| campaign.goals.iter().any(|goal| goal.status == status.as_str());
    for action in CampaignAction::ALL {
        let (fits, sure) = match action {
            CampaignAction::Pause => {
                (is(GoalStatus::Active) || is(GoalStatus::Scheduled), "Nothing goes out until you resume.")
            }
            CampaignAction::Resume => (is(GoalStatus::Paused), "Texts that wait go out again."),
            CampaignAction::Close => {
                let open = is(GoalStatus::Active) || is(GoalStatus::Scheduled) || is(GoalStatus::Paused);
                (open, "Texting ends now in all groups, and texts that wait are stopped.")
            }
        };
        if fits {
            let act =
                Act::new(action.as_str(), desk.at(&format!("/campaigns/{}/act", campaign.id)), action.english().what);
            body.act(&act.sure(sure).with("do", action.as_str()));
        }
    }
}

async fn launch(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let done = desk.call(&operations::LAUNCH_CAMPAIGN, [&ids.campaign_id]).done().await;
    desk.after(&format!("/campaigns/{}", ids.campaign_id), done, "It is launched in all groups.")
}

async fn act(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let action = CampaignAction::parse(fields.get("do")).ok_or_else(Problem::nothing)?;
    let done = desk.call(&operations::ACT_ON_CAMPAIGN, [&ids.campaign_id, action.as_str()]).done().await;
    desk.after(&format!("/campaigns/{}", ids.campaign_id), done, "It is done in all groups.")
}
