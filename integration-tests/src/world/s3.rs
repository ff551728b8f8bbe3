//! An S3 server of a test's own: `s3s-fs`, which checks signatures and keeps S3's rules (parts of
//! at least 5 MiB, lists of 1,000), over a folder. It listens on this machine alone and ends with
//! the test.

use std::path::{Path, PathBuf};

use axum::{Router, error_handling::HandleError, http::StatusCode};
use muster_objects::{Objects, StoreAddress};
use s3s::{HttpError, auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinSet};

const KEY_ID: &str = "muster-tests";
/// Its secret. No log may have it.
pub const S3_SECRET: &str = "what-only-the-object-store-knows";
const BUCKET: &str = "files";
const REGION: &str = "us-east-1";

/// A running server with one bucket.
#[derive(Debug)]
pub struct S3 {
    folder: TempDir,
    endpoint: String,
    _server: JoinSet<std::io::Result<()>>,
}

impl S3 {
    /// Starts a server with an empty bucket.
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("muster-s3-").tempdir().expect("a folder for the object store");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("making a bucket");
        let files = FileSystem::new(folder.path()).expect("the object store's folder");
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(KEY_ID, S3_SECRET));
        let failed = async |error: HttpError| (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:?}"));
        let router = Router::new().fallback_service(HandleError::new(service.build(), failed));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port for the object store");
        let endpoint = format!("http://{}", listener.local_addr().expect("the port of the object store"));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await });
        Self { folder, endpoint, _server: server }
    }

    /// Settings of daemons that use it, in TOML's syntax.
    pub fn settings(&self) -> [(&'static str, String); 4] {
        [
            ("object_store_url", format!("\"s3://{BUCKET}/muster\"")),
            ("object_store_endpoint", format!("{:?}", self.endpoint)),
            ("object_store_key_id", format!("{KEY_ID:?}")),
            ("object_store_key_secret", format!("{S3_SECRET:?}")),
        ]
    }

    /// The same as environment.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let names = [
            "MUSTER_OBJECT_STORE_URL",
            "MUSTER_OBJECT_STORE_ENDPOINT",
            "MUSTER_OBJECT_STORE_KEY_ID",
            "MUSTER_OBJECT_STORE_KEY_SECRET",
        ];
        names
            .into_iter()
            .zip(self.settings())
            .map(|(name, (_, value))| (name, value.trim_matches('"').to_owned()))
            .collect()
    }

    /// Returns the port that it listens on.
    pub fn port(&self) -> u16 {
        self.endpoint.rsplit(':').next().and_then(|port| port.parse().ok()).expect("the port of the object store")
    }

    /// Returns the store as daemons see it.
    pub fn objects(&self) -> Objects {
        self.objects_with(S3_SECRET, "muster").expect("the object store")
    }

    /// Returns the store for a client with another secret, or keys that begin with something else.
    pub fn objects_with(&self, secret: &str, prefix: &str) -> Result<Objects, muster_objects::Error> {
        let secret = SecretString::from(secret);
        Objects::open(&StoreAddress {
            url: &format!("s3://{BUCKET}/{prefix}"),
            endpoint: Some(&self.endpoint),
            region: REGION,
            key: Some((KEY_ID, &secret)),
            path_style: None,
        })
    }

    /// Objects in the bucket, by their whole keys.
    pub fn keys(&self) -> Vec<String> {
        let bucket = self.folder.path().join(BUCKET);
        let mut found = Vec::new();
        files(&bucket, &mut found);
        let key = |file: PathBuf| file.strip_prefix(&bucket).map(|key| key.display().to_string()).unwrap_or_default();
        let mut keys: Vec<_> = found.into_iter().map(key).collect();
        keys.sort();
        keys
    }

    /// Returns the contents of uploads that are not over.
    pub fn unfinished(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("reading the object store's folder");
        let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.contains(".upload") || name.contains(".tmp.")).collect()
    }
}

/// Every file below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}
