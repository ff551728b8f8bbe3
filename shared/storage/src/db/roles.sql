-- The roles of daemons and of readers, and their rights in this database. Running it again takes
-- all other rights from them.
do $roles$
declare
    role text;
    part record;
    rights text;
begin
    -- Roles are the whole server's: two databases may be about to make them.
    perform pg_advisory_xact_lock(hashtextextended('muster roles', 0));
    foreach role in array array['muster_app', 'muster_read'] loop
        if not exists (select from pg_roles where rolname = role) then
            begin
                execute format('create role %I nologin nosuperuser nocreatedb nocreaterole noreplication', role);
            exception when duplicate_object or unique_violation then
                null;
            end;
        end if;
        execute format('revoke all on all tables in schema public from %I', role);
        execute format('revoke all on all sequences in schema public from %I', role);
        execute format('revoke all on schema public from %I', role);
        execute format('grant usage on schema public to %I', role);
    end loop;
    revoke create on schema public from public;
    execute format('grant temporary on database %I to muster_app', current_database());
    for part in
        select c.oid, c.relname as name, c.relispartition as is_partition,
               -- Bits of a trigger's type: 8 is DELETE, 16 UPDATE, 1 for each row.
               coalesce(bool_or(t.tgfoid = 'refuse_change'::regproc and t.tgtype & 17 = 17), false) as is_append_only,
               coalesce(bool_or(t.tgfoid in ('refuse_change'::regproc, 'refuse_delete'::regproc) and t.tgtype & 9 = 9), false) as is_kept
        from pg_class c left join pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
        group by c.oid
    loop
        execute format('grant select on %I to muster_read', part.name);
        rights := case
            -- Rows are written by `audit_append` alone, the schema's history by `muster migrate`,
            -- and a partition by its table.
            when part.name in ('audit_aside', 'audit_entry', 'audit_head', '_sqlx_migrations') or part.is_partition then 'select'
            when part.is_append_only then 'select, insert'
            when part.is_kept then 'select, insert, update'
            else 'select, insert, update, delete'
        end;
        execute format('grant %s on %I to muster_app', rights, part.name);
    end loop;
    grant usage, select on all sequences in schema public to muster_app;
    -- Functions that work with the rights of the tables' owner.
    for part in select p.oid::regprocedure as signature from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prosecdef loop
        execute format('grant execute on function %s to muster_app', part.signature);
    end loop;
    -- Tables of a migration to come are of use to daemons before the rights are given anew.
    alter default privileges in schema public grant select, insert, update, delete on tables to muster_app;
    alter default privileges in schema public grant usage, select on sequences to muster_app;
    alter default privileges in schema public grant select on tables to muster_read;
end
$roles$;
