//! `muster migrate`.

use super::pool;
use crate::out::say;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only say how many migrations are pending; exit with 1 if there are any.
    #[arg(long)]
    check: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let pool = pool()?;
    if args.check {
        let pending = muster_storage::pending_migrations(&pool).await?;
        say!("{pending} migrations are pending")?;
        anyhow::ensure!(pending == 0, "the database is not up to date");
        return Ok(());
    }
    let applied = muster_storage::migrate(&pool).await?;
    say!("applied {applied} migrations")?;
    Ok(())
}
