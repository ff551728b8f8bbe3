//! Sign-in of admins at their account's identity provider (rule A6), which is one of others'
//! making:
//! `deploy/checks/oidc/run` installs it. Without it these tests say so and look at nothing.

use std::{collections::BTreeMap, net::TcpListener, path::PathBuf, process::Stdio};

use muster_domain::ids::AccountId;
use muster_integration_tests::{Answer, Call, Client, Organization, World, text};
use muster_storage::tenancy::sign_in::identity;
use reqwest::{Method, Url, redirect};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

const PROVIDER: &str = "/v1/account/identity-provider";
const BEGIN: &str = "/v1/sign-in/oidc";
const CALLBACK: &str = "/v1/sign-in/oidc/callback";

/// Returns the folder with the provider, if it is installed.
fn installed() -> Option<PathBuf> {
    let folder = std::env::var_os("MUSTER_TEST_OIDC").map(PathBuf::from);
    #[allow(clippy::print_stderr, reason = "a test that looks at nothing says so")]
    if folder.is_none() {
        eprintln!("NOT COVERED: sign-in at an identity provider. deploy/checks/oidc/run installs one.");
    }
    folder
}

/// A provider that runs, and ends with this value.
struct Provider {
    issuer: String,
    _child: Child,
}

impl Provider {
    async fn start(folder: &PathBuf, port: u16, world: &World, verified: &str) -> Self {
        let callback = format!("{}{CALLBACK}", world.api().url());
        let mut child = Command::new("node")
            .current_dir(folder)
            .args(["provider.js", &port.to_string(), &callback])
            .env("EMAIL", "ada@example.org")
            .env("VERIFIED", verified)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("node runs");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let issuer = lines.next_line().await.unwrap().expect("the provider answers");
        Self { issuer, _child: child }
    }

    fn settings(&self, more: &Value) -> Value {
        let mut settings = json!({
            "issuer": self.issuer, "client_id": "muster", "client_secret": "hush", "email_domains": ["Example.org"],
        });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        settings
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A browser at the provider: follows redirects until one leads back, and keeps cookies.
async fn browse(mut url: String) -> String {
    let browser = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    let mut cookies = BTreeMap::new();
    for _ in 0..10 {
        let jar: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = browser.get(&url).header("cookie", jar.join("; ")).send().await.unwrap();
        for set in answer.headers().get_all("set-cookie") {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let next = answer.headers().get("location").and_then(|to| to.to_str().ok());
        let next = next.unwrap_or_else(|| panic!("{url} leads nowhere: {}", answer.status()));
        url = Url::parse(&url).unwrap().join(next).unwrap().into();
        if let Some((_, back)) = url.split_once(CALLBACK) {
            return format!("{CALLBACK}{back}");
        }
    }
    panic!("the provider does not lead back");
}

async fn admin(ours: &Organization) -> String {
    let body =
        json!({ "role": "organization_admin", "first_name": "Ada", "last_name": "L", "email": "ada@example.org" });
    text(&ours.admin.post(&ours.at("members"), body).await.ok()["id"])
}

/// Begins a sign-in in a browser; returns the cookie and the way back.
async fn there_and_back(nobody: &Client, account: &Value) -> (String, String) {
    let call = Call::json(&json!({ "account_id": account, "cookie": true })).header("sec-fetch-site", "same-origin");
    let begun = nobody.call(Method::POST, BEGIN, call).await;
    let cookie = begun.header("set-cookie").split(';').next().unwrap().to_owned();
    (cookie, browse(text(&begun.ok()["authorization_url"])).await)
}

async fn back(nobody: &Client, cookie: &str, path: &str) -> Answer {
    nobody.call(Method::GET, path, Call::empty().header("cookie", cookie)).await
}

async fn with_provider(verified: &str, test: impl AsyncFnOnce(World, Provider)) {
    let Some(folder) = installed() else { return };
    let port = free_port();
    let hosts = format!("[\"127.0.0.1:{port}\"]");
    World::with_engine()
        .with("sign_in_allowed_hosts", hosts)
        .run(async |world| {
            let provider = Provider::start(&folder, port, &world, verified).await;
            test(world, provider).await;
        })
        .await;
}

#[tokio::test]
async fn a6_oidc_an_admin_signs_in_at_the_accounts_provider_once_and_in_the_browser_that_began() {
    with_provider("yes", async |world, provider| {
        let ours = world.organization("Ours").await;
        let (id, account) = (admin(&ours).await, ours.admin.get("/v1/account").await.ok()["account_id"].clone());
        let told = ours.admin.put(PROVIDER, provider.settings(&json!({}))).await;
        assert!(!told.text.contains("hush"), "{}", told.text);
        assert_eq!(told.ok()["identity_provider"]["email_domains"], json!(["example.org"]));
        let sealed: String = world.row("select to_json(string_agg(p::text, ' ')) from identity_provider p").await;
        assert!(!sealed.contains("hush"), "{sealed}");

        let nobody = world.nobody();
        let (cookie, path) = there_and_back(&nobody, &account).await;
        back(&nobody, "", &path).await.problem(403, "sign-in-failed");
        let done = back(&nobody, &cookie, &path).await;
        let session = done.header("set-cookie").split(';').next().unwrap().to_owned();
        assert!(done.status == 200 && session.starts_with("__Host-muster=muster_session_"), "{}", done.text);
        let seen = back(&nobody, &session, "/v1/account").await.ok();
        assert_eq!(seen["member_id"], json!(id));
        back(&nobody, &cookie, &path).await.problem(403, "sign-in-failed");

        // A client without cookies has the secret instead.
        let begun = nobody.post(BEGIN, json!({ "account_id": account })).await.ok();
        let path = browse(text(&begun["authorization_url"])).await;
        let value = |name: &str| {
            let (_, rest) = path.split_once(&format!("{name}=")).unwrap();
            rest.split('&').next().unwrap().to_owned()
        };
        let confirm =
            |secret: &Value| json!({ "client_secret": secret, "state": value("state"), "code": value("code") });
        let at = "/v1/sign-in/oidc/confirm";
        nobody.post(at, confirm(&json!("another"))).await.problem(403, "sign-in-failed");
        let session = nobody.post(at, confirm(&begun["client_secret"])).await.ok();
        let token = session["session"]["token"].as_str();
        let listed = nobody.with_token(token).get("/v1/account/sessions").await.ok();
        assert_eq!(listed["items"][1]["method"], "oidc", "{listed}");
    })
    .await;
}

#[tokio::test]
async fn a6_oidc_a_provider_speaks_for_its_domains_and_where_it_is_required_no_mail_signs_an_admin_in() {
    with_provider("yes", async |world, provider| {
        let ours = world.organization("Ours").await;
        let account = ours.admin.get("/v1/account").await.ok()["account_id"].clone();
        let nobody = world.nobody();
        ours.admin.put(PROVIDER, provider.settings(&json!({}))).await.ok();
        let (cookie, path) = there_and_back(&nobody, &account).await;
        back(&nobody, &cookie, &path).await.problem(403, "sign-in-failed");
        let id = admin(&ours).await;
        let others = json!({ "email_domains": ["example.com"] });
        ours.admin.put(PROVIDER, provider.settings(&others)).await.ok();
        let (cookie, path) = there_and_back(&nobody, &account).await;
        back(&nobody, &cookie, &path).await.problem(403, "sign-in-failed");

        ours.admin.put(PROVIDER, provider.settings(&json!({ "required": true }))).await.ok();
        ours.admin.put(&ours.at(&format!("members/{id}/invite")), json!({})).await.ok();
        nobody.post("/v1/sign-in", json!({ "email": "ada@example.org" })).await.ok();
        world.jobs().kind("mail-send").state("succeeded").until(2).await;
        assert!(!world.folder().join("mails").exists(), "neither a code nor an invite is sent");
        // The operator's way back: `muster account sign-in-by-mail`.
        let mut tx = world.pool().begin().await.unwrap();
        let account_id = AccountId(text(&account).parse().unwrap());
        assert!(identity::do_not_require(&mut tx, account_id).await.unwrap());
        assert!(!identity::do_not_require(&mut tx, account_id).await.unwrap(), "it is not required any more");
        tx.commit().await.unwrap();
        nobody.post("/v1/sign-in", json!({ "email": "ada@example.org" })).await.ok();
        world.jobs().kind("mail-send").state("succeeded").until(3).await;
        assert_eq!(std::fs::read_dir(world.folder().join("mails")).unwrap().count(), 1);
        let wrong = provider.settings(&json!({ "issuer": format!("{}/other", provider.issuer) }));
        ours.admin.put(PROVIDER, wrong).await.problem(422, "invalid-body");
        let inside = provider.settings(&json!({ "issuer": "http://127.0.0.1:1" }));
        ours.admin.put(PROVIDER, inside).await.problem(422, "invalid-body");
    })
    .await;
}

#[tokio::test]
async fn a6_oidc_an_address_that_the_provider_has_not_verified_signs_nobody_in() {
    with_provider("no", async |world, provider| {
        let ours = world.organization("Ours").await;
        admin(&ours).await;
        let account = ours.admin.get("/v1/account").await.ok()["account_id"].clone();
        ours.admin.put(PROVIDER, provider.settings(&json!({}))).await.ok();
        let nobody = world.nobody();
        let (cookie, path) = there_and_back(&nobody, &account).await;
        back(&nobody, &cookie, &path).await.problem(403, "sign-in-failed");
        assert_eq!(world.rows("session").count().await, 0);
    })
    .await;
}
