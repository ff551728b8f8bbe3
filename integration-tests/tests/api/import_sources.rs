//! Files that come again: saved mappings, and fetching a changed file from the admin's place, and
//! from nowhere else.

use muster_integration_tests::{Call, Organization, World, text};
use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect},
    routing::get,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// A server of files: its file, the file's entity tag, and how often it was sent.
#[derive(Clone, Default)]
struct Files(Arc<Mutex<(String, String, u32)>>);

impl Files {
    async fn start() -> (Self, u16, JoinSet<std::io::Result<()>>) {
        let files = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = Router::new()
            .route("/list.csv", get(Self::list))
            .route("/inside", get(|| async { Redirect::temporary("http://127.0.0.1:9/secret") }))
            .route("/private", get(|| async { Redirect::temporary("https://10.0.0.1/list.csv") }))
            .route("/gone.csv", get(|| async { StatusCode::GONE }))
            .with_state(files.clone());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await });
        (files, port, server)
    }

    #[allow(clippy::unused_async, reason = "a handler is asynchronous")]
    async fn list(State(Self(file)): State<Self>, headers: HeaderMap) -> axum::response::Response {
        let mut file = file.lock().unwrap();
        if headers.get("if-none-match").is_some_and(|tag| *tag == file.1) {
            return StatusCode::NOT_MODIFIED.into_response();
        }
        file.2 += 1;
        ([("etag", file.1.clone())], file.0.clone()).into_response()
    }

    fn set(&self, text: &str, tag: &str) {
        let mut file = self.0.lock().unwrap();
        (file.0, file.1) = (text.to_owned(), tag.to_owned());
    }

    fn sent(&self) -> u32 {
        self.0.lock().unwrap().2
    }
}

/// Asks for a fetch and waits until it has been done.
pub(crate) async fn fetch(world: &World, ours: &Organization, id: &str) -> Value {
    let path = ours.at(&format!("import-sources/{id}"));
    let done = world.jobs().kind("import-fetch").state("succeeded").and(&format!("payload ->> 'source_id' = '{id}'"));
    let before = done.count().await;
    assert_eq!(ours.admin.act(&format!("{path}/fetch")).await.status, 202);
    done.until(before + 1).await;
    ours.admin.get(&path).await.ok()
}

#[tokio::test]
async fn a_source_is_fetched_and_imported_when_it_has_changed() {
    let (files, port, _server) = Files::start().await;
    World::with_engine()
        .with_all(&[("import_allowed_hosts", &format!("[\"127.0.0.1:{port}\"]"))])
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let source = json!({
                "group_id": group, "name": "Voters", "url": format!("http://127.0.0.1:{port}/list.csv?key=secret"),
                "mapping": { "Tel": "phone" }, "tags": ["weekly"], "consent_text": "They signed up",
            });
            let id = text(&ours.admin.post(&ours.at("import-sources"), source.clone()).await.ok()["id"]);
            ours.admin.post(&ours.at("import-sources"), source.clone()).await.problem(409, "conflict");

            files.set("first,last,Tel\nAda,L,6465550001\n", "\"one\"");
            let seen = fetch(&world, &ours, &id).await;
            assert_eq!(seen["failure"], Value::Null);
            let report = ours.report(&text(&seen["last_import_id"])).await;
            assert_eq!((&report["created"], &report["file_name"]), (&json!(1), &json!("list.csv")), "{report}");
            let ada = ours.contact("+16465550001").await;
            assert_eq!((&ada["tags"], &ada["groups"]), (&json!(["weekly"]), &json!([group])));

            // By its entity tag it is not sent again; under another tag it is the same by its hash.
            let again = fetch(&world, &ours, &id).await;
            assert_eq!((&again["last_import_id"], files.sent()), (&seen["last_import_id"], 1));
            files.set("first,last,Tel\nAda,L,6465550001\n", "\"two\"");
            let again = fetch(&world, &ours, &id).await;
            assert_eq!((&again["last_import_id"], files.sent()), (&seen["last_import_id"], 2));
            files.set("first,last,Tel\nAda,King,6465550001\n", "\"three\"");
            let changed = fetch(&world, &ours, &id).await;
            assert_ne!(changed["last_import_id"], seen["last_import_id"]);
            assert_eq!(ours.report(&text(&changed["last_import_id"])).await["updated"], 1);
            assert_eq!(world.imports().count().await, 2);

            // An uploaded file goes by the source's definition.
            let report =
                ours.import(&format!("file_name=up.csv&source_id={id}"), "first,last,Tel\nEve,L,6465550002\n").await;
            assert_eq!((&report["created"], &report["group_id"]), (&json!(1), &json!(group)), "{report}");
            // A changed definition has it imported once more.
            let mut other = source;
            other["tags"] = json!(["monthly"]);
            ours.admin.put(&ours.at(&format!("import-sources/{id}")), other).await.ok();
            let once_more = fetch(&world, &ours, &id).await;
            assert_eq!(ours.report(&text(&once_more["last_import_id"])).await["updated"], 1);
            let leaked = world.jobs().and("to_jsonb(job)::text like '%secret%'").count().await;
            assert_eq!(leaked, 0, "a URL's secret is in no job");
        })
        .await;
}

#[tokio::test]
async fn a_source_on_a_schedule_is_fetched_by_itself() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let folder = world.folder().join("incoming").join(&ours.id);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("list.csv"), "first,last,phone\nAda,L,6465550001\n").unwrap();
            let source = json!({
                "group_id": group, "name": "Drop", "url": "store:list.csv", "schedule": { "cron": "0 4 * * *", "zone": "America/Denver" },
            });
            let id = text(&ours.admin.post(&ours.at("import-sources"), source).await.ok()["id"]);
            // As if two days were over, whose ticks are one: its job is spread over the next half
            // minute, which nobody waits for here. No other tick comes while the test looks.
            world
                .execute(&["update schedule set next_at = now(), decided_until = now() - interval '2 days', \
                     jitter_seconds = 0
        where name like 'import-source/%'"])
                .await;
            world.imports().state("succeeded").is("created", 1).until(1).await;
            let seen = ours.admin.get(&ours.at(&format!("import-sources/{id}"))).await.ok();
            assert_eq!(seen["schedule"], json!({ "cron": "0 4 * * *", "zone": "America/Denver" }));
            assert_eq!(
                world.ticks().any_of("fate", &["fired", "late"]).like("schedule", "import-source/%").count().await,
                1
            );
            // The same file again is not imported, a new one is.
            fetch(&world, &ours, &id).await;
            assert_eq!(world.imports().count().await, 1);
            std::fs::write(folder.join("list.csv"), "first,last,phone\nAda,King,6465550001\n").unwrap();
            fetch(&world, &ours, &id).await;
            assert_eq!(world.imports().count().await, 2);
            let path = ours.at(&format!("import-sources/{id}"));
            assert_eq!(ours.admin.call(reqwest::Method::DELETE, &path, Call::empty()).await.status, 204);
            assert_eq!(world.schedules().like("name", "import-source/%").lacks("retired_at").count().await, 0);
            let ledger = world.ticks().like("schedule", "import-source/%").any_of("fate", &["fired", "late"]);
            assert_eq!(ledger.count().await, 1, "what it did stays told (J11)");
            assert_eq!(world.imports().count().await, 2, "its imports stay");
        })
        .await;
}

#[tokio::test]
async fn nothing_is_fetched_from_inside() {
    let (_files, port, _server) = Files::start().await;
    World::with_engine()
        .with_all(&[("import_allowed_hosts", &format!("[\"127.0.0.1:{port}\"]"))])
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let source = |url: &str| json!({ "group_id": group, "name": url, "url": url });
            for url in [
                "http://example.org/a.csv",
                "https://127.0.0.1/a.csv",
                "https://[::1]:8443/a.csv",
                "https://10.0.0.1/a.csv",
                "https://169.254.169.254/latest",
                "https://2130706433/a.csv",
                "https://user:password@example.org/a.csv",
                "file:///etc/passwd",
                "store:../other/list.csv",
                "store:",
                "store:a//b.csv",
                "store:a\nb.csv",
                "nothing",
            ] {
                ours.admin.post(&ours.at("import-sources"), source(url)).await.problem(422, "invalid-body");
            }
            // Addresses that are only seen at the request: a name that leads inside, and a
            // redirect.
            let inside = format!("http://127.0.0.1:{port}/inside");
            let private = format!("http://127.0.0.1:{port}/private");
            for (url, why) in [
                ("https://localhost/a.csv", "no public address"),
                (inside.as_str(), "https://"),
                (private.as_str(), "not public"),
                (&format!("http://127.0.0.1:{port}/gone.csv"), "410"),
                ("store:nothing.csv", "no such file"),
            ] {
                let id = text(&ours.admin.post(&ours.at("import-sources"), source(url)).await.ok()["id"]);
                let seen = fetch(&world, &ours, &id).await;
                let failure = text(&seen["failure"]);
                assert!(failure.contains(why), "{url}: {failure}");
                assert!(!failure.contains("127.0.0.1") && !failure.contains("10.0.0.1"), "{failure}");
            }
            assert_eq!(world.imports().count().await, 0);
            assert!(world.objects().is_empty());
            let bad = json!({ "group_id": group, "name": "x", "url": "store:a", "schedule": { "cron": "* * * * * *", "zone": "UTC" } });
            ours.admin.post(&ours.at("import-sources"), bad).await.problem(422, "invalid-body");
            // Sources are their organization's alone.
            let id = text(&ours.admin.post(&ours.at("import-sources"), source("store:a.csv")).await.ok()["id"]);
            let other = world.organization("Other").await;
            other.admin.get(&other.at(&format!("import-sources/{id}"))).await.problem(404, "not-found");
            other.admin.act(&other.at(&format!("import-sources/{id}/fetch"))).await.problem(404, "not-found");
        })
        .await;
}
