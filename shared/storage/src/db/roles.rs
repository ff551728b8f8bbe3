//! The roles with which processes connect, and looking whether a role may do too much.
//!
//! `muster_app` has the rights of daemons: rows of tables, and the functions that work with the
//! rights of the tables' owner. Tables that refuse changes by a trigger are the same for its
//! rights, so that it can neither change them nor switch the trigger off. `muster_read` reads. Both
//! are without a login: an operator's roles that log in are their members.

use sqlx::Executor as _;

use crate::{Pool, Result};

/// The role of daemons and of operators' commands.
pub const APP: &str = "muster_app";

/// Makes the roles where they are not there, and gives them their rights in this database. The
/// caller owns the tables and may make roles.
pub async fn grant(pool: &Pool) -> Result<()> {
    let mut tx = pool.begin().await?;
    tx.conn().execute(sqlx::raw_sql(include_str!("roles.sql"))).await?;
    tx.commit_unrecorded().await
}

/// Returns whether the roles have rights in this database.
pub async fn are_used(pool: &Pool) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from pg_class c cross join lateral aclexplode(c.relacl) as given join pg_roles r on r.oid = given.grantee
               where c.oid = to_regclass('_sqlx_migrations') and r.rolname = $1) as "used!""#,
        APP
    )
    .fetch_one(&mut *pool.connection().await?)
    .await?)
}

/// A role and all that it may do beyond its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleInspection {
    /// The role that the pool connects as.
    pub role: String,
    /// Its rights that daemons do not need, in words.
    pub too_much: Vec<String>,
}

/// Looks at the role that this pool connects as.
pub async fn inspect(pool: &Pool) -> Result<RoleInspection> {
    let mut connection = pool.connection().await?;
    let role = sqlx::query_scalar!(r#"select current_user::text as "role!""#).fetch_one(&mut *connection).await?;
    let too_much = sqlx::query_scalar!(
        r#"with own as (
               select c.oid, c.relname, c.relowner, c.relispartition,
                      exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgfoid = 'refuse_change'::regproc and t.tgtype & 17 = 17)
                          as append_only,
                      exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgtype & 9 = 9
                              and t.tgfoid in ('refuse_change'::regproc, 'refuse_delete'::regproc)) as kept
               from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
           )
           select 'is a superuser' as "too_much!" from pg_roles where rolname = current_user and rolsuper
           union all
           select 'may make roles' from pg_roles where rolname = current_user and rolcreaterole and not rolsuper
           union all
           select 'owns ' || count(*) || ' tables' from own where pg_has_role(current_user, relowner, 'usage') having count(*) > 0
           union all
           select 'may change the schema' where has_schema_privilege('public', 'create')
           union all
           select 'may empty, or put triggers on, ' || relname from own
           where has_table_privilege(oid, 'truncate') or has_table_privilege(oid, 'trigger')
           union all
           select 'may change rows of ' || relname from own where append_only and not relispartition and has_table_privilege(oid, 'update')
           union all
           select 'may delete rows of ' || relname from own
           where (append_only or kept) and not relispartition and has_table_privilege(oid, 'delete')
           union all
           select 'may write into ' || relname from own
           where relname in ('audit_aside', 'audit_entry', 'audit_head')
             and (has_table_privilege(oid, 'insert') or has_any_column_privilege(oid, 'update'))
           order by 1 limit 20"#
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(RoleInspection { role, too_much })
}
