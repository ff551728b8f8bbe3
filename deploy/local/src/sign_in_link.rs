//! Links by which members sign in to the web console: an invite, which the system itself sends by
//! mail, and its mail is a file here.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, bail};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::http;

/// The address of the first admin, to which codes go from then on.
pub const ADDRESS: &str = "admin@localhost.example";

const REQUEST_LIMIT: Duration = Duration::from_secs(20);
const MAIL_LIMIT: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(200);

/// Makes an organization and an admin of the account, invites the admin, and returns the link of
/// the invite's mail.
pub async fn make(api_url: &str, token: &str, mails: &Path) -> anyhow::Result<String> {
    let api = Api { http: http::client(REQUEST_LIMIT)?, url: api_url, token };
    let organization = api.ask(Method::POST, "/v1/organizations", &json!({ "name": "Example" })).await?;
    let organization = format!("/v1/organizations/{}", id(&organization)?);
    let admin = Invited { role: "account_admin", first_name: "First", last_name: "Admin", address: ADDRESS };
    api.invite(&organization, admin, mails).await.map(|(_, link)| link)
}

/// A member that is invited.
#[derive(Debug, Clone, Copy)]
pub struct Invited<'a> {
    /// The role.
    pub role: &'a str,
    /// The first name.
    pub first_name: &'a str,
    /// The last name.
    pub last_name: &'a str,
    /// The address of the mail.
    pub address: &'a str,
}

/// Makes a member of an organization (`/v1/organizations/…`) and invites them; returns the member's
/// id and the link of the invite's mail.
pub async fn invite(
    api_url: &str,
    token: &str,
    mails: &Path,
    organization: &str,
    member: Invited<'_>,
) -> anyhow::Result<(String, String)> {
    let api = Api { http: http::client(REQUEST_LIMIT)?, url: api_url, token };
    api.invite(organization, member, mails).await
}

struct Api<'a> {
    http: Client,
    url: &'a str,
    token: &'a str,
}

impl Api<'_> {
    async fn invite(&self, organization: &str, member: Invited<'_>, mails: &Path) -> anyhow::Result<(String, String)> {
        let Invited { role, first_name, last_name, address } = member;
        let new = json!({ "role": role, "first_name": first_name, "last_name": last_name, "email": address });
        let made = self.ask(Method::POST, &format!("{organization}/members"), &new).await?;
        let id = id(&made)?;
        self.ask(Method::PUT, &format!("{organization}/members/{id}/invite"), &json!({})).await?;
        let deadline = Instant::now() + MAIL_LIMIT;
        loop {
            if let Some(link) = link(mails, address, self.url) {
                return Ok((id.to_owned(), link));
            }
            if Instant::now() > deadline {
                bail!("no mail with an invite to {address} is in {}", mails.display());
            }
            sleep(POLL).await;
        }
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(self.token).json(body);
        let response = request.send().await.with_context(|| format!("asking {path}"))?;
        let (status, text) = (response.status(), response.text().await.unwrap_or_default());
        if !status.is_success() {
            bail!("{path} answers {status}: {text}");
        }
        serde_json::from_str(&text).with_context(|| format!("reading the answer of {path}"))
    }
}

fn id(made: &Value) -> anyhow::Result<&str> {
    made["id"].as_str().context("an id is missing")
}

/// Returns the link of the mail to an address, once it is there.
fn link(mails: &Path, address: &str, api_url: &str) -> Option<String> {
    std::fs::read_dir(mails).ok()?.flatten().find_map(|entry| {
        let mail = std::fs::read_to_string(entry.path()).ok()?;
        mail.contains(&format!("To: {address}")).then(|| link_of(&mail, api_url)).flatten()
    })
}

/// Returns the first link to the api in a mail, of which long lines are broken.
fn link_of(mail: &str, api_url: &str) -> Option<String> {
    let plain = mail.replace("=\r\n", "").replace("=3D", "=");
    let begins = plain.find(&format!("{api_url}/v1/invites/"))?;
    plain[begins..].split_whitespace().next().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_from_a_mail_with_broken_lines() {
        let mail = "To: a\r\n\r\nHello\r\nhttp://127.0.0.1:1/v1/invites/1/page?sec=\r\nret=3Dab\r\nBye";
        let link = link_of(mail, "http://127.0.0.1:1");
        assert_eq!(link.as_deref(), Some("http://127.0.0.1:1/v1/invites/1/page?secret=ab"));
        assert_eq!(link_of(mail, "http://127.0.0.1:2"), None);
    }
}
