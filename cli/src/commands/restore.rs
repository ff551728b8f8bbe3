//! `muster restore`: a backup comes back into an empty database, by `pg_restore`. The daemons send
//! nothing from it before the ledger was replayed (rule R6).

use std::{fs, path::PathBuf};

use anyhow::{Context, ensure};
use muster_service::config::LedgerSettings;
use muster_storage::{doctor, trust::ledger};

use super::{
    backup::{DUMP, MANIFEST, Manifest, digest},
    configured, connect,
    ledger::{ReplayArgs, replay},
    postgres_tools::Connection,
};
use crate::out::say;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The backup's folder.
    folder: PathBuf,
    /// Replay the ledger at once.
    #[arg(long)]
    replay: bool,
    /// The program that restores.
    #[arg(long, default_value = "pg_restore")]
    pg_restore: String,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let settings: LedgerSettings = configured()?;
    let pool = connect(&settings.database)?;
    let manifest = fs::read_to_string(args.folder.join(MANIFEST)).context("read the backup's manifest")?;
    let manifest: Manifest = serde_json::from_str(&manifest).context("read the backup's manifest")?;
    let dump = args.folder.join(DUMP);
    let (bytes, sha256) = digest(&dump)?;
    ensure!((bytes, &sha256) == (manifest.bytes, &manifest.sha256), "the dump is not the one that the manifest names");
    ensure!(doctor::is_empty(&pool).await?, "the database is not empty: make a new one, or drop this one first");
    let connection = Connection::of(&settings.database.url)?;
    let options = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-password"].map(ToOwned::to_owned);
    let mut options = options.to_vec();
    options.extend([format!("--dbname={}", connection.database()), dump.display().to_string()]);
    connection.run(&args.pg_restore, &options).await?;
    ledger::mark_restored(&pool).await?;
    say!("the database is as it was at {}; nothing is sent from it", manifest.taken_at)?;
    if args.replay {
        return replay(&settings, &pool, ReplayArgs { since: None }).await;
    }
    say!("run muster ledger replay, with the object store and the carrier in reach")?;
    Ok(())
}
