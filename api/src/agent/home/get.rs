//! `GET /v1/agent/home`: an agent's work now (rules G5, W3, B4 and B6).

use axum::{Json as Answer, extract::State};

use crate::{
    agent::home::{
        body::HomeBody,
        watch::{LeftCounts, look},
    },
    auth::Agent,
    problem::Problem,
    state::Api,
};

/// Reads the agent's home: for each goal of theirs the step that they can take now in each
/// workflow, or the obstacle and its end; contacts left; the batch in hand; and replies that wait.
#[utoipa::path(get, path = "/v1/agent/home", tag = "agent")]
pub(crate) async fn get(State(api): State<Api>, agent: Agent) -> Result<Answer<HomeBody>, Problem> {
    let seen = look(&api, std::slice::from_ref(&agent.member), &mut LeftCounts::default()).await?;
    let home = seen.homes.get(&agent.member.id).ok_or_else(|| Problem::no("home"))?;
    Ok(Answer(home.told(seen.at)))
}
