//! Scripts of the library as answers tell them, and the checks that each save makes.

use chrono::{DateTime, Utc};
use muster_domain::{
    goals::script::{LIBRARY_LIMIT, ScriptKind},
    ids::ScriptId,
    tenancy::role::Role,
};
use muster_storage::{
    Tx,
    goals::scripts::{
        Saved,
        library::{self, LibraryScript},
    },
    people::contacts,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Admin, document::Tagged, extract::IfMatch, list::Item, problem::Problem, shapes};

#[derive(Serialize, ToSchema)]
#[schema(as = LibraryScript)]
pub(crate) struct LibraryScriptBody {
    #[schema(value_type = Uuid)]
    id: ScriptId,
    #[schema(value_type = shapes::ScriptKind)]
    kind: ScriptKind,
    name: String,
    script: String,
    version: i32,
    /// Since when it is not offered any more.
    archived_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl Item for LibraryScriptBody {
    type Id = ScriptId;

    const PAGE: &'static str = "LibraryScriptPage";
}

pub(crate) fn body(stored: LibraryScript) -> LibraryScriptBody {
    let LibraryScript { id, kind, name, script, version, archived_at, created_at } = stored;
    LibraryScriptBody { id, kind, name, script, version, archived_at, created_at }
}

pub(crate) fn tagged(script: LibraryScript) -> Tagged<LibraryScriptBody> {
    Tagged { version: script.version, body: body(script) }
}

/// Checks a script of the library as it is saved (rules M1 to M3).
pub(crate) async fn check(tx: &mut Tx, admin: &Admin, kind: ScriptKind, script: &str) -> Result<(), Problem> {
    let settings = admin.organization(tx).await?.settings;
    let fields = contacts::custom_fields(tx, admin.organization_id).await?;
    let opt_out_words = settings.require_opt_out_language.then_some(settings.opt_out_keywords.as_slice());
    let checked = kind.check(script, &fields, opt_out_words);
    checked.map(drop).map_err(|error| Problem::invalid_body(format!("script: {error}")))
}

/// Returns a script to change, with the library locked. The library is the organization's: its
/// admins change it, and group admins read it.
pub(crate) async fn lock(
    tx: &mut Tx,
    admin: &Admin,
    id: ScriptId,
    expected: Option<&IfMatch>,
) -> Result<LibraryScript, Problem> {
    let found = library::lock(tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("script"))?;
    admin.at_least(Role::OrganizationAdmin)?;
    if expected.is_some_and(|expected| !expected.allows(found.version)) {
        return Err(Problem::edited_meanwhile(format!("the script is at version {}", found.version)));
    }
    Ok(found)
}

/// Refuses a save that the library has no room or no name for.
pub(crate) fn saved(saved: Saved) -> Result<(), Problem> {
    match saved {
        Saved::Done => Ok(()),
        Saved::NameTaken => Err(Problem::conflict("another script of this kind has the name")),
        Saved::Full => {
            Err(Problem::conflict(format!("the library has {LIBRARY_LIMIT} scripts, which is as many as it holds")))
        }
    }
}

/// Archives a script, or takes it back into use; one that is so already stays as it is.
pub(crate) async fn set_archived(
    mut tx: Tx,
    admin: &Admin,
    id: ScriptId,
    archived: bool,
) -> Result<Tagged<LibraryScriptBody>, Problem> {
    let script = lock(&mut tx, admin, id, None).await?;
    if script.archived_at.is_some() == archived {
        return Ok(tagged(script));
    }
    if !archived {
        // Fields, settings and words may have changed since.
        check(&mut tx, admin, script.kind, &script.script).await.map_err(Problem::into_conflict)?;
    }
    let same = library::NewScript { kind: script.kind, name: &script.name, script: &script.script };
    saved(library::update(&mut tx, admin.organization_id, id, same, archived).await?)?;
    let script = lock(&mut tx, admin, id, None).await?;
    tx.commit().await?;
    Ok(tagged(script))
}
