//! `muster operators`: the persons and programs that operate the installation, each with a token of
//! their own for `/v1/operator`.

use anyhow::ensure;
use muster_domain::{ids::OperatorId, tenancy::sign_in::operator::OperatorRights};
use muster_service::secret;
use muster_storage::{
    Page,
    tenancy::sign_in::operators::{self, NewOperator},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::pool;
use crate::{out::say, table::Table};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Make an operator and print the token. It is shown this once.
    Create {
        /// A name by which operators are told apart.
        #[arg(long)]
        name: String,
        /// `read` for looking, `act` for acting as well.
        #[arg(long, value_parser = rights)]
        rights: OperatorRights,
        /// Days after which the token is refused.
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i32).range(1..=366))]
        days: i32,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// List operators.
    List {
        /// Also those that were ended.
        #[arg(long)]
        all: bool,
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// End an operator: the token is refused from then on.
    End {
        /// The operator.
        id: Uuid,
    },
}

/// Operators that one look fetches.
const PAGE_SIZE: i64 = 1_000;

/// Characters of a name.
const NAME_LIMIT: usize = 100;

fn rights(word: &str) -> Result<OperatorRights, String> {
    word.parse().map_err(|error: muster_domain::text_enum::UnknownWord| error.to_string())
}

pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Create { name, rights, days, json } => create(&name, rights, days, json).await,
        Command::List { all, json } => list(all, json).await,
        Command::End { id } => {
            let mut tx = pool()?.begin().await?;
            ensure!(
                operators::end(&mut tx, OperatorId(id)).await?,
                "there is no operator {id} whose token is in force"
            );
            tx.commit().await?;
            say!("ended")?;
            Ok(())
        }
    }
}

async fn create(name: &str, rights: OperatorRights, days: i32, json: bool) -> anyhow::Result<()> {
    let name = name.trim();
    ensure!(!name.is_empty() && name.chars().count() <= NAME_LIMIT, "a name has 1 to {NAME_LIMIT} characters");
    let (id, token) = (OperatorId::new(), secret::operator());
    let secret_hash = Sha256::digest(token.as_bytes());
    let mut tx = pool()?.begin().await?;
    let made = operators::create(&mut tx, &NewOperator { id, name, rights, secret_hash: &secret_hash, days }).await?;
    ensure!(made, "another operator has the name {name:?}; end that one, or take another name");
    tx.commit().await?;
    if json {
        say!("{}", json!({ "operator_id": id, "token": token }))?;
    } else {
        say!("operator {id}\ntoken    {token}")?;
    }
    Ok(())
}

async fn list(all: bool, json: bool) -> anyhow::Result<()> {
    let pool = pool()?;
    let mut table = Table::with_names(["operator", "name", "rights", "expires", "last used", "ended"]);
    let mut after = None;
    loop {
        let found = operators::page(&pool, all, Page { after, limit: PAGE_SIZE }).await?;
        let Some(last) = found.last() else { break };
        after = Some(last.id);
        for one in found {
            if json {
                let line = json!({
                    "id": one.id,
                    "name": one.name,
                    "rights": one.rights,
                    "created_at": one.created_at,
                    "expires_at": one.expires_at,
                    "last_used_at": one.last_used_at,
                    "ended_at": one.ended_at,
                });
                say!("{line}")?;
            } else {
                let at = |at: Option<chrono::DateTime<chrono::Utc>>| {
                    at.map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string())
                };
                table.row([
                    one.id.to_string(),
                    one.name,
                    one.rights.to_string(),
                    at(Some(one.expires_at)),
                    at(one.last_used_at),
                    at(one.ended_at),
                ]);
            }
        }
    }
    if json { Ok(()) } else { table.print("") }
}
