//! `muster numbers`: the accounts' numbers to text from. The operator owns them at the carrier, and
//! so assigns them.

use anyhow::{bail, ensure};
use muster_domain::{ids::AccountId, people::e164::E164};
use muster_storage::{
    Page, Tx,
    tenancy::numbers::{self, Assigned, Filter},
};
use serde_json::json;
use uuid::Uuid;

use super::{operator, pool};
use crate::{out::say, table::Table};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Give numbers to an account; its admins can then add them to an organization. From then on,
    /// or once there is a second account, admins can add no others.
    Assign {
        /// The account.
        #[arg(long)]
        account: Uuid,
        /// Also those that another account has. Its conversations stay with it, and waiting texts
        /// from the number are cancelled.
        #[arg(long = "move")]
        move_taken: bool,
        /// In E.164 form.
        #[arg(required = true, value_parser = number)]
        numbers: Vec<E164>,
    },
    /// Take numbers from the accounts that have them: texts to them land nowhere, and waiting texts
    /// from them are cancelled.
    Release {
        /// In E.164 form.
        #[arg(required = true, value_parser = number)]
        numbers: Vec<E164>,
    },
    /// List numbers and their accounts.
    List {
        /// Of this account alone.
        #[arg(long)]
        account: Option<Uuid>,
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

/// Numbers that one look fetches.
const PAGE_SIZE: i64 = 1_000;

fn number(text: &str) -> Result<E164, String> {
    E164::parse(text).map_err(|error| error.to_string())
}

pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Assign { account, move_taken, numbers } => assign(AccountId(account), &numbers, move_taken).await,
        Command::Release { numbers } => {
            let mut tx = pool()?.begin().await?;
            let owners = numbers::owners_of(&mut tx, &numbers).await?;
            let released = numbers::release(&mut tx, &numbers).await?;
            ensure!(
                released == numbers.len(),
                "{} of these numbers are no account's; nothing was changed",
                numbers.len() - released
            );
            record(&mut tx, "numbers_release", &owners, &numbers);
            tx.commit().await?;
            say!("{released} released")?;
            Ok(())
        }
        Command::List { account, json } => list(account.map(AccountId), json).await,
    }
}

/// Records the command in the audit of each account that has or had one of the numbers.
fn record(tx: &mut Tx, command: &str, accounts: &[AccountId], numbers: &[E164]) {
    for account in accounts {
        let arguments = numbers.iter().map(|number| number.as_str().to_owned());
        tx.record(operator::draft(command, arguments).in_account(account.0));
    }
}

async fn assign(account: AccountId, numbers: &[E164], move_taken: bool) -> anyhow::Result<()> {
    let mut tx = pool()?.begin().await?;
    let mut concerned = numbers::owners_of(&mut tx, numbers).await?;
    concerned.push(account);
    concerned.sort_unstable();
    concerned.dedup();
    match numbers::assign(&mut tx, account, numbers, move_taken).await? {
        Assigned::Done => {
            record(&mut tx, "numbers_assign", &concerned, numbers);
            tx.commit().await?;
        }
        Assigned::NoAccount => bail!("there is no account {account}"),
        Assigned::Taken(taken) => {
            bail!("{} belong to another account; --move takes them from it; nothing was changed", taken.join(", "))
        }
    }
    say!("{} assigned to {account}", numbers.len())?;
    Ok(())
}

async fn list(account: Option<AccountId>, json: bool) -> anyhow::Result<()> {
    let pool = pool()?;
    let mut table = Table::with_names(["number", "account", "organization", "how"]);
    let filter = Filter { account_id: account };
    let mut after = None::<String>;
    loop {
        let page = Page { after: after.as_deref(), limit: PAGE_SIZE };
        let found = numbers::page(&pool, &filter, page).await?;
        let Some(last) = found.last() else { break };
        after = Some(last.number.clone());
        for owned in found {
            if json {
                let line = json!({
                    "number": owned.number,
                    "account_id": owned.account_id,
                    "organization_id": owned.organization_id,
                    "arranged_by_operator": owned.arranged,
                    "since": owned.since,
                });
                say!("{line}")?;
            } else {
                let organization = owned.organization_id.map_or_else(|| "-".to_owned(), |id| id.to_string());
                let how = if owned.arranged { "arranged" } else { "alone" };
                table.row([owned.number, owned.account_id.to_string(), organization, how.to_owned()]);
            }
        }
    }
    if json { Ok(()) } else { table.print("") }
}
