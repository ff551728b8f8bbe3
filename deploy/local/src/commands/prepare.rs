//! `muster-local prepare --migrations DIR -- COMMAND…`: a migrated database for as long as a
//! command runs, for tools that check SQL against a schema while Muster itself can't be built yet.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use muster_local::{Postgres, StackFolder, signals::Signals};

use super::foreground;

const DATABASE: &str = "prepare";

/// The first line of a migration that is applied outside a transaction, as sqlx reads it.
const ALONE: &str = "-- no-transaction";

/// Arguments of `prepare`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder of the migrations, `*.sql`, applied in the order of their names, each in one
    /// transaction unless it says otherwise.
    #[arg(long)]
    migrations: PathBuf,
    /// The command and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// Starts Postgres, migrates a database, runs the command with `DATABASE_URL`, stops Postgres.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let folder = StackFolder::create(None, false)?;
    let postgres = match signals.unless_ended(start(folder.path(), &arguments.migrations)).await? {
        Ok(postgres) => postgres,
        Err(ending) => return Ok(ending.exit_code()),
    };
    let env = [("DATABASE_URL", postgres.url(DATABASE))];
    let code = foreground::run(&arguments.command, &env, &mut signals).await;
    postgres.stop().await?;
    code
}

async fn start(folder: &Path, migrations: &Path) -> anyhow::Result<Postgres> {
    let files = sql_files(migrations)?;
    let postgres = Postgres::find_or_start(folder).await?;
    // A server given by URL may hold the database of an earlier run.
    postgres.drop_database(DATABASE).await?;
    postgres.create_database(DATABASE, None).await?;
    for file in files {
        let script = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let applied = if script.starts_with(ALONE) {
            postgres.run_sql(DATABASE, &script).await
        } else {
            postgres.run_script(DATABASE, &script).await
        };
        applied.with_context(|| format!("applying {}", file.display()))?;
    }
    Ok(postgres)
}

fn sql_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("listing {}", folder.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
