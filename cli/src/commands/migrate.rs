//! `muster migrate`.

use anyhow::Context as _;
use muster_storage::db::roles;

use super::{operator, pool};
use crate::out::say;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only say how many migrations are pending; exit with 1 if there are any.
    #[arg(long)]
    check: bool,
    /// Also make the roles `muster_app` and `muster_read`, and give them their rights in this
    /// database. Where they have rights already, every migration gives them anew.
    #[arg(long, conflicts_with = "check")]
    roles: bool,
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
    let grants = args.roles || (applied > 0 && roles::are_used(&pool).await?);
    if grants {
        roles::grant(&pool).await.context("giving the roles their rights")?;
        say!("the roles muster_app and muster_read have their rights")?;
    }
    if applied > 0 || grants {
        let mut tx = pool.begin().await?;
        let arguments = [format!("applied={applied}"), format!("roles={grants}")];
        tx.record(operator::draft("migrate", arguments));
        tx.commit().await?;
    }
    Ok(())
}
