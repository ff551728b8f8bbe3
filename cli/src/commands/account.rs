//! `muster account create`: a new customer with its first admin.

use muster_domain::{
    ids::{AccountId, MemberId},
    tenancy::{role::Role, sign_in::scope::Scope},
    trust::audit::Record,
};
use muster_service::secret;
use muster_storage::tenancy::{
    members::{self, NewMember, NewToken},
    organizations,
    sign_in::identity,
};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{operator, pool};
use crate::out::say;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Create an account and its first admin, and print the admin's token. It is shown this once.
    Create {
        /// The customer's name.
        #[arg(long)]
        name: String,
        /// The admin's given name.
        #[arg(long, default_value = "First")]
        admin_first_name: String,
        /// The admin's family name.
        #[arg(long, default_value = "Admin")]
        admin_last_name: String,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Let an account's admins sign in by mail again although its identity provider is required:
    /// the way back where it is away or set wrongly.
    SignInByMail {
        /// The account.
        account: Uuid,
    },
}

pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    let (name, admin_first_name, admin_last_name, json) = match command {
        Command::Create { name, admin_first_name, admin_last_name, json } => {
            (name, admin_first_name, admin_last_name, json)
        }
        Command::SignInByMail { account } => return sign_in_by_mail(AccountId(account)).await,
    };
    let (account_id, member_id) = (AccountId::new(), MemberId::new());
    let token = secret::token();
    let mut tx = pool()?.begin().await?;
    organizations::create_account(&mut tx, account_id, &name).await?;
    let admin = NewMember {
        account_id,
        organization_id: None,
        role: Role::AccountAdmin,
        first_name: &admin_first_name,
        last_name: &admin_last_name,
        email: None,
    };
    members::create(&mut tx, member_id, &admin).await?;
    let secret_hash = Sha256::digest(token.as_bytes());
    let new = NewToken {
        id: Uuid::now_v7(),
        member_id,
        name: "first",
        secret_hash: &secret_hash,
        scope: Scope::Full,
        expires_at: None,
    };
    members::add_token(&mut tx, new).await?;
    let mut created = operator::draft("account_create", []).in_account(account_id.0);
    let records = [("account", account_id.0), ("member", member_id.0)];
    created.act.records.extend(records.map(|(kind, id)| Record { kind: kind.to_owned(), id }));
    tx.record(created);
    tx.commit().await?;
    if json {
        say!("{}", json!({ "account_id": account_id, "member_id": member_id, "token": token }))?;
    } else {
        say!("account  {account_id}\nadmin    {member_id}\ntoken    {token}")?;
    }
    Ok(())
}

async fn sign_in_by_mail(account_id: AccountId) -> anyhow::Result<()> {
    let mut tx = pool()?.begin().await?;
    let changed = identity::do_not_require(&mut tx, account_id).await?;
    anyhow::ensure!(changed, "the account {account_id} requires no identity provider");
    tx.commit().await?;
    say!("the admins of {account_id} can sign in by mail")?;
    Ok(())
}
