//! The API as an admin's commands use it.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use uuid::Uuid;

/// The API's address and the token to ask with; the token comes from `MUSTER_TOKEN` alone, because
/// arguments can be seen by others.
#[derive(Args)]
pub(crate) struct Where {
    /// The organization.
    #[arg(long)]
    organization: Uuid,
    /// The API's base URL, or `MUSTER_API_URL`.
    #[arg(long, value_name = "URL")]
    api: Option<String>,
}

/// Somebody with a token, at an organization.
pub(crate) struct Api {
    http: Client,
    uploads: Client,
    root: String,
    base: String,
    token: SecretString,
}

/// The longest wait for a connection, and for an answer or its next bytes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const STALL_TIMEOUT: Duration = Duration::from_mins(1);

/// Returns a client of HTTP in the making.
pub(crate) fn http_client() -> ClientBuilder {
    // Another part of the process may have installed it already.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
}

impl Where {
    pub(crate) fn open(&self) -> anyhow::Result<Api> {
        let base = match &self.api {
            Some(url) => url.clone(),
            None => std::env::var("MUSTER_API_URL").context("give --api or MUSTER_API_URL")?,
        };
        let token = std::env::var("MUSTER_TOKEN").context("set MUSTER_TOKEN to your token")?;
        let http = http_client().connect_timeout(CONNECT_TIMEOUT).read_timeout(STALL_TIMEOUT).build()?;
        // The wait for an answer begins with the request: it would end uploads that take longer
        // than that.
        let uploads = Client::builder().connect_timeout(CONNECT_TIMEOUT).build()?;
        let root = base.trim_end_matches('/').to_owned();
        let base = format!("{root}/v1/organizations/{}", self.organization);
        Ok(Api { http, uploads, root, base, token: token.into() })
    }
}

impl Api {
    /// Returns a request below the organization.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.at(&self.http, method, path)
    }

    /// Returns a POST below the organization that may take as long as its body does.
    pub(crate) fn upload(&self, path: &str) -> RequestBuilder {
        self.at(&self.uploads, Method::POST, path)
    }

    /// Opens a link that the API has made, which needs no token.
    pub(crate) async fn open_link(&self, path: &str) -> anyhow::Result<Response> {
        self.send(self.http.get(format!("{}{path}", self.root))).await
    }

    fn at(&self, client: &Client, method: Method, path: &str) -> RequestBuilder {
        client.request(method, format!("{}/{path}", self.base)).bearer_auth(self.token.expose_secret())
    }

    /// Uploads a file; a refusal of it is an answer.
    pub(crate) async fn upload_file(&self, request: RequestBuilder) -> anyhow::Result<Result<Value, String>> {
        let response = request.send().await.context("the API does not answer")?;
        if response.status() == StatusCode::UNPROCESSABLE_ENTITY {
            let problem: Value = response.json().await.unwrap_or_default();
            let detail = problem["detail"].as_str().unwrap_or("no reason was given").to_owned();
            if problem["type"] == "urn:muster:problem:invalid-body" {
                return Ok(Err(detail));
            }
            bail!("the API refused (422): {detail}");
        }
        Ok(Ok(Self::accepted(response).await?.json().await?))
    }

    /// Sends a request that must succeed; the API's refusal is the error.
    pub(crate) async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        Self::accepted(request.send().await.context("the API does not answer")?).await
    }

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

    /// Reads JSON.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        Ok(self.send(self.request(Method::GET, path)).await?.json().await?)
    }
}
