//! `muster backup`: a dump of the database by `pg_dump`, with a manifest.

use std::{
    fs::{self, DirBuilder, File},
    io::Read as _,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context;
use chrono::{DateTime, Utc};
use muster_service::config::DatabaseSettings;
use muster_storage::trust::ledger;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{configured, connect, postgres_tools::Connection};
use crate::out::say;

/// The dump's name in a backup's folder.
pub(super) const DUMP: &str = "database.dump";
/// The manifest's.
pub(super) const MANIFEST: &str = "manifest.json";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder to make. It may not exist yet.
    folder: PathBuf,
    /// The program that dumps.
    #[arg(long, default_value = "pg_dump")]
    pg_dump: String,
}

/// A backup's manifest.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// The version of Muster that made it.
    pub(super) muster: String,
    /// The instant that it is of, or a little before.
    pub(super) taken_at: DateTime<Utc>,
    /// Where the ledger stood.
    pub(super) ledger_beat: i64,
    /// See `ledger_beat`.
    pub(super) ledger_segment: i64,
    /// The dump's size.
    pub(super) bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub(super) sha256: String,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let settings: DatabaseSettings = configured()?;
    let pool = connect(&settings.database)?;
    let connection = Connection::of(&settings.database.url)?;
    let taken_at = pool.now().await?;
    let standing = ledger::standing(&pool).await?;
    anyhow::ensure!(!standing.restored, "the database came back from a backup: run muster ledger replay first");
    let folder = &args.folder;
    DirBuilder::new().mode(0o700).create(folder).with_context(|| format!("make {}", folder.display()))?;
    let dump = folder.join(DUMP);
    let file = format!("--file={}", dump.display());
    connection.run(&args.pg_dump, &["--format=custom".to_owned(), "--no-password".to_owned(), file]).await?;
    let (bytes, sha256) = digest(&dump)?;
    let manifest = Manifest {
        muster: env!("CARGO_PKG_VERSION").to_owned(),
        taken_at,
        ledger_beat: standing.beat,
        ledger_segment: standing.segment,
        bytes,
        sha256,
    };
    // Last, so that a folder with a manifest is a whole backup.
    fs::write(folder.join(MANIFEST), serde_json::to_string_pretty(&manifest)? + "\n").context("write the manifest")?;
    say!("{} bytes of {} are in {}", manifest.bytes, manifest.taken_at, folder.display())?;
    say!("back the object store up beside it: see docs/backup.md")?;
    Ok(())
}

/// Returns the size and the SHA-256 of a file.
pub(super) fn digest(path: &Path) -> anyhow::Result<(u64, String)> {
    let mut file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0, vec![0; 1024 * 1024]);
    loop {
        let read = file.read(&mut piece).with_context(|| format!("read {}", path.display()))?;
        if read == 0 {
            break;
        }
        hash.update(&piece[..read]);
        bytes += read as u64;
    }
    let digits = hash.finalize().iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
    Ok((bytes, digits))
}
