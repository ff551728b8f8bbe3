//! Where the servers come from: one stack for all tests of this process, ended with the last of
//! them.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    sync::{Arc, Weak},
};

use muster_local::{Stack, StackOptions};
use tokio::sync::Mutex;

static SHARED: Mutex<Weak<Stack>> = Mutex::const_new(Weak::new());

/// Returns the stack of this process: that of the environment, or one that is started for the first
/// and ended with the last test that holds it. Under nextest, which runs a process for each test,
/// name servers in the environment to have them shared.
pub(crate) async fn shared() -> Arc<Stack> {
    let mut shared = SHARED.lock().await;
    if let Some(stack) = shared.upgrade() {
        return stack;
    }
    let stack = Arc::new(Stack::start(StackOptions::default()).await.expect("starting Postgres and RabbitMQ"));
    *shared = Arc::downgrade(&stack);
    stack
}

/// Returns a stack for one test, which may kill its servers.
pub(crate) async fn own() -> Arc<Stack> {
    let options = StackOptions { always_own: true, ..StackOptions::default() };
    Arc::new(Stack::start(options).await.expect("starting Postgres and RabbitMQ"))
}

/// The template's name holds a hash of the migrations and the roles' rights, so that one which was
/// made before they changed is never cloned.
pub(crate) fn template() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/storage/migrations");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("reading {}: {error}", folder.display()))
        .map(|entry| entry.expect("reading an entry of the migrations' folder").path())
        .collect();
    files.sort();
    files.push(folder.join("../src/db/roles.sql"));
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.file_name().hash(&mut hasher);
        std::fs::read(&file).unwrap_or_else(|error| panic!("reading {}: {error}", file.display())).hash(&mut hasher);
    }
    format!("muster_template_{:016x}", hasher.finish())
}
