//! `POST /v1/organizations/{organization_id}/members/invite`: many members by a CSV file (rule A6).

use std::collections::BTreeMap;

use axum::{body::Body, extract::State};
use muster_domain::{
    csv,
    ids::{GroupId, MemberId},
    tenancy::{
        role::Role,
        sign_in::{code::MailLanguage, invite::INVITE_DAYS},
    },
};
use muster_storage::{
    Tx,
    tenancy::{
        groups,
        members::{self, NewMember},
        sign_in::invites::NewInvite,
    },
    trust::audit,
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    admin::{
        invites,
        members::invited::{self, Invited, Reason},
    },
    auth::Admin,
    document::Csv,
    extract::{CsvText, Query},
    problem::Problem,
    shapes,
    state::Api,
};

/// Bytes that a file may have.
const BYTES_LIMIT: usize = 1024 * 1024;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct InviteQuery {
    /// The same answer, and nothing is written.
    #[serde(default)]
    dry_run: bool,
    /// The mails' language; English if absent.
    #[param(value_type = Option<shapes::MailLanguage>)]
    language: Option<MailLanguage>,
}

/// Makes members of a file's rows: columns `first_name`, `last_name`, `email`, and if wanted `role`
/// (`agent`, `group_admin` or `organization_admin`; an agent where nothing is) and `groups` (names
/// or ids, parted by semicolons). At most 1,000 rows and 1 MiB. Each row is taken or refused by
/// itself; a new member gets an invite by mail where the installation sends mails. The
/// answer is a file with a line for each: `invited` with the member's id, `would_invite` in a dry
/// run, or `refused` with the reason. The same file again makes nobody twice, because an email is
/// one member's. Cells that a spreadsheet would take for formulas begin with an apostrophe.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/members/invite", tag = "members")]
pub(crate) async fn invite(
    State(api): State<Api>,
    admin: Admin,
    Query(query): Query<InviteQuery>,
    CsvText(file): CsvText,
) -> Result<Csv, Problem> {
    if file.len() > BYTES_LIMIT {
        return Err(Problem::too_large(format!("the file has more than {BYTES_LIMIT} bytes")));
    }
    let rows = invited::read(&file)?;
    let mails = api.settings.sign_in.key().is_some();
    let mut tx = api.pool.begin().await?;
    let known = Known::of(&mut tx, &admin).await?;
    let mut answer = String::from("line,email,first_name,last_name,role,outcome,reason,member_id\r\n");
    for row in &rows {
        tx.begin_part().await?;
        let made = one(&mut tx, &admin, &known, row).await?;
        if let (Ok(member_id), true) = (made, mails) {
            let language = query.language.unwrap_or_default();
            let new = NewInvite { member_id, created_by: admin.member.id, language, days: INVITE_DAYS };
            invites::send(&mut tx, new, &admin.origin()).await?;
        }
        tx.end_part(made.is_ok()).await?;
        if let Ok(id) = made {
            audit::made("member", id.0);
        }
        answer.push_str(&line(row, made, query.dry_run));
    }
    if query.dry_run {
        tx.rollback().await?;
    } else {
        tx.commit().await?;
    }
    Ok(Csv(Body::from(answer)))
}

/// Groups that rows may name, by their ids and their names.
struct Known {
    ids: BTreeMap<String, GroupId>,
    /// A name of several groups is ambiguous.
    names: BTreeMap<String, Option<GroupId>>,
}

impl Known {
    async fn of(tx: &mut Tx, admin: &Admin) -> Result<Self, Problem> {
        let mut known = Self { ids: BTreeMap::new(), names: BTreeMap::new() };
        for (id, name) in groups::names(tx, admin.organization_id, admin.groups()).await? {
            known.ids.insert(id.to_string(), id);
            known.names.entry(name.to_lowercase()).and_modify(|one| *one = None).or_insert(Some(id));
        }
        Ok(known)
    }

    fn find(&self, named: &str) -> Result<GroupId, Reason> {
        let named = named.to_lowercase();
        if let Some(id) = self.ids.get(&named) {
            return Ok(*id);
        }
        self.names.get(&named).ok_or("unknown_group")?.ok_or("ambiguous_group")
    }
}

/// Makes one member; the caller takes back the writes of a refusal.
async fn one(tx: &mut Tx, admin: &Admin, known: &Known, row: &Invited) -> Result<Result<MemberId, Reason>, Problem> {
    let (role, groups) = match decided(admin, known, row) {
        Ok(decided) => decided,
        Err(reason) => return Ok(Err(reason)),
    };
    let new = NewMember {
        account_id: admin.member.account_id,
        organization_id: Some(admin.organization_id),
        role,
        first_name: &row.first_name,
        last_name: &row.last_name,
        email: Some(&row.email),
    };
    let id = MemberId::new();
    if !members::create(tx, id, &new).await? {
        return Ok(Err("email_taken"));
    }
    for group in groups {
        if role != Role::Agent {
            groups::add_member(tx, group, id).await?;
        } else if groups::add_agent(tx, group, id).await?.is_none() {
            return Ok(Err("no_sender_number"));
        }
    }
    Ok(Ok(id))
}

/// Returns the role and the groups of a row that this admin may make.
fn decided(admin: &Admin, known: &Known, row: &Invited) -> Result<(Role, Vec<GroupId>), Reason> {
    let role = row.check()?;
    if !admin.member.role.may_appoint(role) {
        return Err("role_not_yours_to_give");
    }
    let mut groups = row.groups.iter().map(|named| known.find(named)).collect::<Result<Vec<_>, _>>()?;
    groups.sort();
    groups.dedup();
    Ok((role, groups))
}

fn line(row: &Invited, made: Result<MemberId, Reason>, dry_run: bool) -> String {
    let (outcome, reason, id) = match made {
        Ok(_) if dry_run => ("would_invite", "", String::new()),
        Ok(id) => ("invited", "", id.to_string()),
        Err(reason) => ("refused", reason, String::new()),
    };
    let cells = [&row.email, &row.first_name, &row.last_name, &row.role].map(|text| csv::cell(text)).join(",");
    format!("{},{cells},{outcome},{reason},{id}\r\n", row.line)
}
