//! `cargo xtask prepare`: the query cache, written by sqlx's macros while they check the queries
//! against a real database that has just been migrated. The macros run in the program that compiles
//! the queries, so that the check of the cache is one pass with clippy.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::Path,
    time::SystemTime,
};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::{build_binaries, local_stack, root, run as execute, target_dir};

pub(crate) fn run(rest: &[String]) -> anyhow::Result<()> {
    match rest {
        [] => write(&root().join(".sqlx"), CHECK),
        [flag] if flag == "--check" => check(CHECK),
        _ => bail!("prepare takes --check or nothing"),
    }
}

// The whole workspace, as everywhere: one package alone has other features, and everything would be
// compiled again.
const CHECK: &[&str] = &["check", "--workspace", "--all-targets"];
/// The same with clippy's lints, none of which may be broken.
pub(crate) const CLIPPY: &[&str] = &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];

/// Fails when the committed cache differs from the queries and migrations, or when this pass of
/// Cargo fails.
pub(crate) fn check(pass: &[&str]) -> anyhow::Result<()> {
    let fresh = target_dir().join("sqlx-check");
    write(&fresh, pass)?;
    let (committed, fresh) = (read(&root().join(".sqlx"))?, read(&fresh)?);
    let differ: Vec<_> = fresh.iter().filter(|(name, query)| committed.get(*name) != Some(query)).collect();
    let stale: Vec<_> = committed.keys().filter(|name| !fresh.contains_key(*name)).collect();
    ensure!(
        differ.is_empty() && stale.is_empty(),
        "the query cache is out of date ({} missing or different, {} unused): run cargo xtask prepare",
        differ.len(),
        stale.len(),
    );
    Ok(())
}

fn write(folder: &Path, pass: &[&str]) -> anyhow::Result<()> {
    build_binaries_if_absent()?;
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(folder)? {
        fs::remove_file(entry?.path())?;
    }
    let temporary = target_dir().join("sqlx-tmp");
    fs::create_dir_all(&temporary)?;
    let mut prepare = local_stack();
    prepare.args(["prepare", "--migrations", "shared/storage/migrations", "--", "cargo"]).args(pass);
    prepare.env("SQLX_OFFLINE", "false").env("SQLX_OFFLINE_DIR", folder).env("SQLX_TMP", temporary);
    let queries = Touched::file(&root().join("shared/storage/src/lib.rs"))?;
    let written = execute(&mut prepare);
    drop(queries);
    written
}

/// A file that seems to have been changed, so that its crate is compiled and the macros run.
/// Afterwards it is as old as it was: the programs that were built from it stay as they are.
struct Touched {
    file: File,
    modified: SystemTime,
}

impl Touched {
    fn file(path: &Path) -> anyhow::Result<Self> {
        let file = File::options().append(true).open(path).with_context(|| format!("open {}", path.display()))?;
        let modified = file.metadata()?.modified()?;
        file.set_modified(SystemTime::now()).with_context(|| format!("touch {}", path.display()))?;
        Ok(Self { file, modified })
    }
}

impl Drop for Touched {
    fn drop(&mut self) {
        // At worst the crate is compiled once more than it must be.
        let _ = self.file.set_modified(self.modified);
    }
}

/// A query that is not in the cache yet keeps the workspace from building, so that a program which
/// was built before will do. It knows nothing of queries.
fn build_binaries_if_absent() -> anyhow::Result<()> {
    if Path::new(local_stack().get_program()).exists() { Ok(()) } else { build_binaries() }
}

fn read(folder: &Path) -> anyhow::Result<BTreeMap<String, Value>> {
    let mut queries = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        queries.insert(name, serde_json::from_reader(File::open(entry.path())?)?);
    }
    Ok(queries)
}
