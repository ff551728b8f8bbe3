//! The operators' API, as commands use it in the place of the database where a profile or the
//! environment names one.

use std::{env, time::Duration};

use anyhow::{Context, bail};
use reqwest::{Client, Method, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{
    client::http_client,
    profiles::{self, Profile},
};

/// The longest wait for an answer.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);

/// An operator at an installation's API.
pub(crate) struct Remote {
    http: Client,
    base: String,
    token: SecretString,
}

impl Remote {
    /// Returns the operators' API that is to be used: that of `MUSTER_API_URL` and
    /// `MUSTER_OPERATOR_TOKEN`, else the profile's. None: the database is.
    pub(crate) fn chosen() -> anyhow::Result<Option<Self>> {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let profile = match (set("MUSTER_API_URL"), set("MUSTER_OPERATOR_TOKEN")) {
            (Some(url), Some(token)) => Some(Profile { url, token }),
            (None, Some(_)) => bail!("set MUSTER_API_URL beside MUSTER_OPERATOR_TOKEN"),
            (_, None) => profiles::chosen()?,
        };
        profile.map(|profile| Self::of(&profile)).transpose()
    }

    /// Returns the operators' API of a profile.
    pub(crate) fn of(profile: &Profile) -> anyhow::Result<Self> {
        let http = http_client().timeout(LONGEST_ANSWER).build()?;
        let base = format!("{}/v1/operator", profile.url.trim_end_matches('/'));
        Ok(Self { http, base, token: profile.token.clone().into() })
    }

    /// Reads JSON.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.read(path, &[]).await
    }

    /// Reads JSON by parameters, of which those without a value are left out.
    pub(crate) async fn read(&self, path: &str, parameters: &[(&str, Option<String>)]) -> anyhow::Result<Value> {
        let given: Vec<_> =
            parameters.iter().filter_map(|(name, value)| value.as_ref().map(|value| (*name, value.as_str()))).collect();
        let url = reqwest::Url::parse_with_params(&format!("{}/{path}", self.base), given)?;
        let request = self.http.request(Method::GET, url).bearer_auth(self.token.expose_secret());
        Ok(accepted(request.send().await.context("the API does not answer")?).await?.json().await?)
    }

    /// Acts. The API asks for a reason with each act.
    pub(crate) async fn act(&self, path: &str, body: Value, reason: Option<&str>) -> anyhow::Result<Value> {
        self.ask(Method::POST, path, body, reason).await
    }

    /// Changes something, with a reason.
    pub(crate) async fn change(&self, path: &str, body: Value, reason: Option<&str>) -> anyhow::Result<Value> {
        self.ask(Method::PATCH, path, body, reason).await
    }

    async fn ask(&self, method: Method, path: &str, mut body: Value, reason: Option<&str>) -> anyhow::Result<Value> {
        let Some(reason) = reason else { bail!("the operators' API asks for a --reason") };
        body["reason"] = json!(reason);
        let url = format!("{}/{path}", self.base);
        let request = self.http.request(method, url).bearer_auth(self.token.expose_secret()).json(&body);
        let response = accepted(request.send().await.context("the API does not answer")?).await?;
        match response.status() {
            StatusCode::NO_CONTENT => Ok(Value::Null),
            _ => Ok(response.json().await?),
        }
    }
}

/// Returns an answer that is a success; the API's refusal is the error.
async fn accepted(response: Response) -> anyhow::Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let problem: Value = response.json().await.unwrap_or_default();
    let detail = problem["detail"].as_str().unwrap_or("no reason was given");
    match status {
        StatusCode::UNAUTHORIZED => bail!("the API does not know this token: {detail}"),
        status => bail!("the API refused ({}): {detail}", status.as_u16()),
    }
}
