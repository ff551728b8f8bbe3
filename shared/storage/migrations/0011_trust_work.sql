-- Trust: exports (rule E1) and retention (rule R7).

-- Exports ---------------------------------------------------------------------

-- Records of an organization as a file in the object store, below
-- `exports/ORGANIZATION/EXPORT/ATTEMPT`.
create table export (
    id uuid primary key,
    organization_id uuid not null references organization,
    created_by uuid not null references member,
    kind text not null check (kind in ('contacts', 'conversations', 'goal_results', 'campaign_results', 'opt_outs')),
    format text not null check (format in ('csv', 'json_lines')),
    gzip boolean not null,
    -- Names of columns in their order, as `domain::trust::export` reads them; none: all there are.
    columns text[] not null,
    -- The filter of the kind's list.
    filter jsonb not null check (jsonb_typeof(filter) = 'object'),
    -- The groups of the admin of groups that asked; null: all.
    readers uuid[],
    state text not null default 'waiting' check (state in ('waiting', 'running', 'succeeded', 'failed', 'cancelled')),
    failure text check (failure in ('not_allowed_any_more', 'redactions', 'given_up')),
    -- Fencing token: bumped by every worker that begins, and by a redaction. A file of an earlier
    -- attempt is never served.
    attempt int not null default 0,
    -- Records that the planner expects, and records and bytes so far.
    rows_expected bigint,
    rows bigint not null default 0,
    bytes bigint not null default 0,
    created_at timestamptz not null default clock_timestamp(),
    -- When the last attempt began: its records are those of an instant after it.
    started_at timestamptz,
    finished_at timestamptz,
    -- How long the file is kept, and how it ended before or then.
    file_until timestamptz,
    file_ended_at timestamptz,
    file_end text check (file_end in ('aged', 'redaction')),
    -- When nothing of it was left in the object store.
    objects_removed_at timestamptz,
    constraint export_failed_has_failure check ((state = 'failed') = (failure is not null)),
    constraint export_over_has_end check ((state in ('succeeded', 'failed', 'cancelled')) = (finished_at is not null)),
    constraint export_succeeded_has_file check ((state = 'succeeded') = (file_until is not null)),
    constraint export_file_ends_with_a_reason check ((file_ended_at is null) = (file_end is null)),
    constraint export_file_ends_once_written check (file_ended_at is null or state = 'succeeded')
);
create index export_organization on export (organization_id, id);
-- Exports that are not over, which are bounded for each organization.
create index export_open on export (organization_id) where state in ('waiting', 'running');
-- Exports that may have something in the object store.
create index export_objects on export (id) where objects_removed_at is null;

-- Links by which an export's file is downloaded. Each is a member's, and expires.
create table export_link (
    id uuid primary key,
    export_id uuid not null references export,
    member_id uuid not null references member,
    -- SHA-256 of the secret, which is shown once and not kept.
    secret_hash bytea not null unique,
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null
);
create index export_link_export on export_link (export_id, id);

-- Each opening of a link.
create table export_opening (
    id uuid not null default uuid_v7() primary key,
    link_id uuid not null references export_link,
    at timestamptz not null default clock_timestamp(),
    -- The client's address; empty where none is known.
    client_address text not null
);
create index export_opening_link on export_opening (link_id, id);

insert into schedule (name, cron, zone, kind, payload, jitter_seconds) values
    ('exports', '*/10 * * * *', 'UTC', 'upkeep', '{"task": "exports"}', 60);

-- Returns the knowledge that groups have of a contact together (rule A5): null for everything, an
-- empty document for none. Where two know different values, the earlier one's counts, as in
-- `domain::people::knowledge`.
create function known_to(in_contact uuid, readers uuid[]) returns jsonb language sql stable as $$
    select case when count(*) filter (where m.knows is null) > 0 then null else
        coalesce((
            select jsonb_object_agg(v.key, v.value order by k.added_at desc, k.group_id desc)
            from membership k, jsonb_each(k.knows) v
            where k.contact_id = in_contact and k.group_id = any(readers) and v.key <> 'fields'), '{}')
        || jsonb_build_object('fields', coalesce((
            select jsonb_object_agg(v.key, v.value order by k.added_at desc, k.group_id desc)
            from membership k, jsonb_each(k.knows -> 'fields') v
            where k.contact_id = in_contact and k.group_id = any(readers)), '{}'))
        end
    from membership m where m.contact_id = in_contact and m.group_id = any(readers)
$$;

-- The records of each kind of export, with the columns of `domain::trust::export` by their names.
-- Each is a single statement, so that the planner looks into it and leaves out the columns that are
-- not chosen. Redacted people appear as `redacted`.

create function export_contacts(in_organization uuid, readers uuid[], filter jsonb)
returns table (contact_id uuid, phone text, first_name text, last_name text, email text, postal_code text, notes text, external_id text,
    tags jsonb, groups jsonb, line_type text, carrier text, opted_out_at timestamptz, opt_out_reason text, redacted_at timestamptz,
    source text, consent_text text, created_at timestamptz, fields jsonb)
language sql stable as $$
    select c.id,
        case when c.redacted_at is null then c.e164 else 'redacted' end,
        case when c.redacted_at is not null then 'redacted' when k.known is null then c.first_name else coalesce(k.known ->> 'first_name', '') end,
        case when c.redacted_at is not null then 'redacted' when k.known is null then c.last_name else coalesce(k.known ->> 'last_name', '') end,
        case when k.known is null then c.email else k.known ->> 'email' end,
        case when k.known is null then c.postal_code else k.known ->> 'postal_code' end,
        case when k.known is null then c.notes else k.known ->> 'notes' end,
        case when k.known is null then c.external_id else k.known ->> 'external_id' end,
        (select coalesce(jsonb_agg(t.name order by t.name), '[]')
         from contact_tag ct join tag t on t.id = ct.tag_id
         where ct.contact_id = c.id
           and (readers is null or exists (
               select from membership m
               where m.contact_id = c.id and m.group_id = any(readers) and (m.knows is null or m.knows -> 'tags' ? ct.tag_id::text)))),
        (select coalesce(jsonb_agg(g.name order by g.name, g.id), '[]')
         from membership m join contact_group g on g.id = m.group_id
         where m.contact_id = c.id and (readers is null or m.group_id = any(readers))),
        c.line_type, c.carrier, c.opted_out_at,
        case when readers is null then c.opt_out_reason
             when k.known is null and not exists (select from membership m where m.contact_id = c.id and m.group_id <> all(readers))
             then c.opt_out_reason end,
        c.redacted_at,
        case when k.known is null then c.source else coalesce(j.source, case when j.import_id is not null then 'file' else 'inbound' end) end,
        case when k.known is null then c.consent_text else j.consent_text end,
        case when k.known is null then c.created_at else coalesce(j.added_at, c.created_at) end,
        case when k.known is null then c.fields else k.known -> 'fields' end
    from matching_contacts(in_organization, readers, filter) c
    left join lateral (select known_to(c.id, readers) as known) k on readers is not null
    left join lateral (
        select m.import_id, m.added_at, m.source, coalesce(m.consent_text, i.consent_text) as consent_text
        from membership m left join import i on i.id = m.import_id
        where m.contact_id = c.id and m.group_id = any(readers)
        order by m.added_at, m.group_id limit 1
    ) j on readers is not null
$$;

-- The filter has the members of the list of conversations; `words` are in small letters, and
-- `digits` are of a number.
create function export_conversations(in_organization uuid, readers uuid[], filter jsonb)
returns table (message_id uuid, conversation_id uuid, contact_id uuid, phone text, first_name text, last_name text, group_id uuid,
    "group" text, goal_id uuid, goal text, direction text, kind text, state text, reason text, body text, segments int, agent_id uuid,
    agent text, our_number text, created_at timestamptz, sent_at timestamptz, delivered_at timestamptz, error_code int)
language sql stable as $$
    select x.id, t.id, t.contact_id,
        case when c.redacted_at is null then c.e164 else 'redacted' end,
        case when c.redacted_at is null then p.first_name else 'redacted' end,
        case when c.redacted_at is null then p.last_name else 'redacted' end,
        t.group_id, g.name, x.goal_id, goal.name,
        case when x.kind = 'inbound' then 'in' else 'out' end,
        x.kind, x.state, x.reason,
        case when c.redacted_at is null then x.body else 'redacted' end,
        x.segments, x.agent_id, a.first_name || ' ' || a.last_name, t.sender_e164, x.created_at, x.sent_at, x.delivered_at, x.error_code
    from thread t
    join message x on x.thread_id = t.id
    join contact c on c.id = t.contact_id
    join contact_group g on g.id = t.group_id
    left join goal on goal.id = x.goal_id
    left join member a on a.id = x.agent_id
    left join membership m on m.group_id = t.group_id and m.contact_id = t.contact_id
    cross join lateral (select coalesce(t.held_until > statement_timestamp(), false) as is_held) h
    cross join lateral (select readers is not null and (m.contact_id is null or m.knows is not null) as partly) k
    cross join lateral (
        select case when k.partly then coalesce(m.knows ->> 'first_name', '') else c.first_name end as first_name,
               case when k.partly then coalesce(m.knows ->> 'last_name', '') else c.last_name end as last_name
    ) p
    where t.organization_id = in_organization
      and (readers is null or t.group_id = any(readers))
      and (filter ->> 'group_id' is null or t.group_id = (filter ->> 'group_id')::uuid)
      and (filter ->> 'phone' is null or c.e164 = filter ->> 'phone')
      and case filter ->> 'state'
              when 'unresponded' then t.unread_since is not null
              when 'held' then h.is_held
              when 'done' then t.unread_since is null and not h.is_held
              else true
          end
      and (filter ->> 'agent_id' is null or t.agent_id = (filter ->> 'agent_id')::uuid or m.assigned_agent_id = (filter ->> 'agent_id')::uuid
          or (h.is_held and t.held_by = (filter ->> 'agent_id')::uuid))
      and (filter ->> 'goal_id' is null or t.goal_id = (filter ->> 'goal_id')::uuid or t.next_goal_id = (filter ->> 'goal_id')::uuid
          or exists (
              select from target e
              where e.goal_id = (filter ->> 'goal_id')::uuid and e.contact_id = t.contact_id and e.initial_message_id is not null))
      and (filter ->> 'tag' is null or exists (
          select from contact_tag ct join tag on tag.id = ct.tag_id
          where ct.contact_id = t.contact_id and tag.name = filter ->> 'tag' and (not k.partly or m.knows -> 'tags' ? ct.tag_id::text)))
      and (filter -> 'words' is null
          or not exists (
              select from jsonb_array_elements_text(filter -> 'words') as w (word)
              where strpos(lower(p.first_name || ' ' || p.last_name), w.word) = 0)
          or strpos(c.e164, filter ->> 'digits') > 0
          or exists (
              select from message y
              where y.thread_id = t.id and not exists (
                  select from jsonb_array_elements_text(filter -> 'words') as w (word) where strpos(lower(y.body), w.word) = 0)))
$$;

create function export_goal_results(in_organization uuid, readers uuid[], filter jsonb)
returns table (goal_id uuid, goal text, group_id uuid, "group" text, campaign_id uuid, contact_id uuid, phone text, first_name text,
    last_name text, messaged boolean, messaged_at timestamptz, replied_at timestamptz, answer text, answered_at timestamptz,
    skipped_at timestamptz, skip_reason text, opted_out_at timestamptz, reminded boolean)
language sql stable as $$
    select g.id, g.name, g.group_id, n.name, g.campaign_id, t.contact_id,
        case when c.redacted_at is null then c.e164 else 'redacted' end,
        case when c.redacted_at is not null then 'redacted' when k.partly then coalesce(m.knows ->> 'first_name', '') else c.first_name end,
        case when c.redacted_at is not null then 'redacted' when k.partly then coalesce(m.knows ->> 'last_name', '') else c.last_name end,
        was_messaged(t.initial_message_id),
        (select x.sent_at from message x where x.id = t.initial_message_id),
        t.replied_at, t.answer, t.answered_at,
        case when t.initial_message_id is null then t.skipped_at end,
        case when t.initial_message_id is null then t.skip_reason end,
        t.opted_out_at, was_messaged(t.reminder_message_id)
    from goal g
    join contact_group n on n.id = g.group_id
    join target t on t.goal_id = g.id
    join contact c on c.id = t.contact_id
    left join membership m on m.group_id = g.group_id and m.contact_id = t.contact_id
    cross join lateral (select readers is not null and (m.contact_id is null or m.knows is not null) as partly) k
    where g.organization_id = in_organization
      and (readers is null or g.group_id = any(readers))
      and (filter -> 'ids' is null or g.id = any(array(select one::uuid from jsonb_array_elements_text(filter -> 'ids') one)))
      and (filter ->> 'group_id' is null or g.group_id = (filter ->> 'group_id')::uuid)
      and (filter ->> 'status' is null
          or goal_status(g.launched_at, g.paused_at, g.opens_at, g.closes_at, statement_timestamp()) = filter ->> 'status')
$$;

create function export_campaign_results(in_organization uuid, readers uuid[], filter jsonb)
returns table (campaign_id uuid, campaign text, goal_id uuid, goal text, group_id uuid, "group" text, status text, opens_at timestamptz,
    closes_at timestamptz, targeted bigint, messaged bigint, skipped bigint, replied bigint, yes bigint, no bigint, maybe bigint,
    opted_out bigint, reminded bigint)
language sql stable as $$
    select c.id, c.name, g.id, g.name, g.group_id, n.name,
        goal_status(g.launched_at, g.paused_at, g.opens_at, g.closes_at, statement_timestamp()), g.opens_at, g.closes_at,
        t.targeted, x.messaged, t.skipped, t.replied, t.yes, t.no, t.maybe, t.opted_out, x.reminded
    from campaign c
    join goal g on g.campaign_id = c.id
    join contact_group n on n.id = g.group_id
    cross join lateral (
        select count(*) as targeted, count(*) filter (where skipped_at is not null and initial_message_id is null) as skipped,
            count(replied_at) as replied, count(*) filter (where answer = 'yes') as yes, count(*) filter (where answer = 'no') as no,
            count(*) filter (where answer = 'maybe') as maybe, count(opted_out_at) as opted_out
        from target where goal_id = g.id
    ) t
    cross join lateral (
        select count(*) filter (where kind = 'initial' and is_messaged(state)) as messaged,
            count(*) filter (where kind = 'reminder' and is_messaged(state)) as reminded
        from message where goal_id = g.id
    ) x
    where c.organization_id = in_organization
      and (readers is null or not exists (select from goal o where o.campaign_id = c.id and o.group_id <> all(readers)))
      and (filter -> 'ids' is null or c.id = any(array(select one::uuid from jsonb_array_elements_text(filter -> 'ids') one)))
      and (filter ->> 'status' is null or exists (
          select from goal o
          where o.campaign_id = c.id
            and goal_status(o.launched_at, o.paused_at, o.opens_at, o.closes_at, statement_timestamp()) = filter ->> 'status'))
    order by c.id, g.id
$$;

create function export_opt_outs(in_organization uuid, readers uuid[], filter jsonb)
returns table (contact_id uuid, phone text, opted_out_at timestamptz, origin text, reason text)
language sql stable as $$
    select c.id, c.e164, c.opted_out_at, c.opt_out_origin,
        case when readers is null then c.opt_out_reason
             when exists (select from membership m where m.contact_id = c.id and m.group_id = any(readers) and m.knows is null)
                  and not exists (select from membership m where m.contact_id = c.id and m.group_id <> all(readers))
             then c.opt_out_reason end
    from contact c
    where c.organization_id = in_organization and c.opted_out_at is not null and c.redacted_at is null
      and (filter ->> 'origin' is null or c.opt_out_origin = filter ->> 'origin')
      and (readers is null or exists (select from membership m where m.contact_id = c.id and m.group_id = any(readers)))
    order by c.opted_out_at desc, c.id desc
$$;

-- Retention -------------------------------------------------------------------

-- Runs of an organization's retention (rule R7), and their reports: counts, and no names.
create table retention_run (
    id uuid primary key,
    organization_id uuid not null references organization,
    step text not null default 'contacts' check (step in ('contacts', 'texts', 'imports', 'addresses', 'done')),
    -- When the set of the step's records was frozen; null before.
    frozen_at timestamptz,
    -- Records that left, by step, and contacts and conversations that were left alone because
    -- something of them was under way by then.
    counts jsonb not null default '{}',
    left_alone bigint not null default 0,
    began_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    constraint retention_run_ends_when_done check ((step = 'done') = (finished_at is not null))
);
create index retention_run_organization on retention_run (organization_id, id);
create unique index retention_run_open on retention_run (organization_id) where finished_at is null;

-- The contacts, or the conversations, of a run's frozen set that are not accounted for yet.
create table retention_item (
    run_id uuid not null references retention_run,
    -- No reference: the undo of an import deletes contacts.
    id uuid not null,
    primary key (run_id, id)
);

insert into schedule (name, cron, zone, kind, payload, jitter_seconds) values
    ('retention', '10 7 * * *', 'UTC', 'upkeep', '{"task": "retention"}', 1800);

-- Returns the contacts of an organization that were not in touch since an instant, and have nothing
-- under way (rule R7). In touch is a contact that came, was edited, joined a group, signed up,
-- wrote or was written to. Under way are texts that may still go, conversations that an agent
-- holds, and goals that are not over.
create function out_of_touch(in_organization uuid, since timestamptz) returns setof contact language sql stable as $$
    select c.* from contact c
    where c.organization_id = in_organization and c.redacted_at is null and c.created_at < since and c.updated_at < since
      and not exists (select from membership m where m.contact_id = c.id and m.added_at >= since)
      and not exists (select from sign_up s where s.contact_id = c.id and s.signed_up_at >= since)
      and not exists (
          select from thread t
          where t.contact_id = c.id and (t.last_message_at >= since or t.held_until > statement_timestamp()))
      and not exists (
          select from message x where x.contact_id = c.id and (x.state in ('queued', 'held', 'sending', 'unknown') or x.created_at >= since))
      and not exists (
          select from target e join goal g on g.id = e.goal_id
          where e.contact_id = c.id and g.launched_at is not null and g.closes_at > statement_timestamp())
$$;
