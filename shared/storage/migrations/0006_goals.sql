-- Goals: campaigns, goals, their batches and targets, and the contacts that a targeting selects.

create table campaign (
    id uuid primary key,
    organization_id uuid not null references organization,
    name text not null,
    -- Bumped by every edit; the API's entity tag.
    version int not null default 1,
    created_by uuid not null references member,
    created_at timestamptz not null default now()
);
create index campaign_organization on campaign (organization_id, id);

create table goal (
    id uuid primary key,
    organization_id uuid not null references organization,
    group_id uuid not null references contact_group,
    campaign_id uuid references campaign,
    name text not null,
    description text not null default '',
    goal_type text not null
        check (goal_type in (
            'event', 'volunteer_shift', 'turnout', 'fundraising', 'advocacy', 'survey', 'custom')),
    -- The event's or shift's start, or the target date, as wall-clock time in the zone.
    date_local timestamp not null,
    strategy text not null check (strategy in ('anyone', 'assigned')),
    instructions text not null default '' check (char_length(instructions) <= 300),
    targeting jsonb not null default '{}',
    script text not null,
    reminder_script text,
    -- Response scripts in their order, as [{"name", "script"}] (rule W9).
    responses jsonb not null default '[]' check (jsonb_array_length(responses) <= 20),
    -- Local intents, their zone, and the instants that they resolve to (rule G11).
    zone text not null,
    opens_local timestamp not null,
    closes_local timestamp not null,
    opens_at timestamptz not null,
    closes_at timestamptz not null,
    reminder_opens_local timestamp,
    reminder_closes_local timestamp,
    reminder_opens_at timestamptz,
    reminder_closes_at timestamptz,
    -- Times that were given as instants: they stay when the rules of the zone change.
    fixed_times text[] not null default '{}'
        check (fixed_times <@ array['opens', 'closes', 'reminder_opens', 'reminder_closes']),
    -- The release of the tz database by which local times were resolved.
    zone_rules text not null default '',
    release_plan jsonb not null,
    launched_at timestamptz,
    partitioned_at timestamptz,
    paused_at timestamptz,
    version int not null default 1,
    created_by uuid not null references member,
    created_at timestamptz not null default now(),
    constraint goal_opens_before_it_closes check (opens_at < closes_at),
    -- At most 31 days of the group's calendar (rule G3). Across a change of clocks these are an
    -- hour more or less.
    constraint goal_window check (closes_local - opens_local <= interval '31 days'),
    constraint goal_reminder_has_window check ((reminder_script is null) = (reminder_opens_at is null)),
    constraint goal_reminder_window_is_local check ((reminder_opens_at is null) = (reminder_opens_local is null)),
    constraint goal_reminder_window_has_local_ends check ((reminder_opens_local is null) = (reminder_closes_local is null)),
    constraint goal_reminder_window_has_ends check ((reminder_opens_at is null) = (reminder_closes_at is null)),
    constraint goal_reminder_opens_before_it_closes check (reminder_opens_at < reminder_closes_at)
);
-- Returns a goal's status at an instant (rule G4), as `GoalClock::status` does.
create function goal_status(launched_at timestamptz, paused_at timestamptz, opens_at timestamptz, closes_at timestamptz, at timestamptz)
returns text language sql immutable parallel safe as $$
    select case
        when launched_at is null then 'draft'
        when at >= closes_at then 'completed'
        when paused_at is not null then 'paused'
        when at < opens_at then 'scheduled'
        else 'active'
    end
$$;

-- Does a goal with this status that has texted somebody allow this work (rule G5)? The same cells
-- as `GoalMoment::availability`, for the columns that queries ask for.
create function goal_allows(status text, work text) returns boolean language sql immutable parallel safe as $$
    select case work
        when 'initials' then status = 'active'
        when 'unread' then status in ('scheduled', 'active', 'completed')
    end
$$;

insert into schedule (name, cron, zone, kind, payload, jitter_seconds) values
    ('zone-rules', '15 * * * *', 'UTC', 'upkeep', '{"task": "zone-rules"}', 300);

create index goal_group on goal (group_id, id);
create index goal_organization on goal (organization_id, id);
create index goal_campaign on goal (campaign_id) where campaign_id is not null;

-- An organization's library of scripts (rule W9).
create table library_script (
    id uuid primary key,
    organization_id uuid not null references organization,
    kind text not null check (kind in ('initial', 'reminder', 'response')),
    name text not null check (char_length(name) between 1 and 100),
    script text not null,
    version int not null default 1,
    archived_at timestamptz,
    created_by uuid not null references member,
    created_at timestamptz not null default now()
);
create index library_script_organization on library_script (organization_id, id);

-- An agent's own scripts (rules G5 and W9). Other members do not see them.
create table agent_script (
    id uuid primary key,
    member_id uuid not null references member,
    name text not null check (char_length(name) between 1 and 100),
    script text not null,
    version int not null default 1,
    created_at timestamptz not null default now()
);
create index agent_script_member on agent_script (member_id, id);

create table batch (
    id uuid primary key,
    goal_id uuid not null references goal,
    kind text not null check (kind in ('initial', 'reminder')),
    number int not null,
    -- For goals with assigned agents: the only agent that may claim it.
    assigned_agent_id uuid references member,
    state text not null check (state in ('held', 'released', 'leased', 'finished')),
    estimated_segments bigint not null default 0,
    leased_to uuid references member,
    -- Fencing token: bumped by every claim, compared by every write under the lease (rule B3).
    lease_token bigint not null default 0,
    lease_expires_at timestamptz,
    created_at timestamptz not null default now(),
    unique (goal_id, kind, number),
    constraint batch_lease_has_agent check ((state = 'leased') = (leased_to is not null)),
    constraint batch_lease_has_end check ((state = 'leased') = (lease_expires_at is not null))
);
-- The leases of an agent (rule A6).
create index batch_leased_to on batch (leased_to) where state = 'leased';
create index batch_available on batch (goal_id, kind, number) where state = 'released';
-- One initial batch for each goal and agent at a time (rule B4).
create unique index batch_one_each on batch (goal_id, leased_to) where state = 'leased' and kind = 'initial';

-- Estimates by which batches are paced to caps (rule B6). Each release of batches keeps them up to
-- date.
create table goal_estimate (
    goal_id uuid primary key references goal,
    -- Segments that one initial of the goal may count.
    segments_each bigint not null,
    -- The setting that held batches wait for, beside the timer that says until when. When it
    -- changes, they move.
    release_waits_for text check (release_waits_for in ('pace', 'hours', 'cap'))
);

-- A goal's frozen targets (rule T3) and each one's result.
create table target (
    goal_id uuid not null references goal,
    contact_id uuid not null references contact,
    position int not null,
    batch_id uuid references batch,
    -- At most one initial for each contact and goal, in spite of any crash (rule B7): set once, in
    -- the row that makes the contact a target.
    initial_message_id uuid,
    skipped_at timestamptz,
    skip_reason text,
    replied_at timestamptz,
    answer text check (answer in ('yes', 'no', 'maybe')),
    answered_at timestamptz,
    reminder_batch_id uuid references batch,
    reminder_message_id uuid,
    opted_out_at timestamptz,
    primary key (goal_id, contact_id)
);
create index target_batch on target (batch_id) where batch_id is not null;
create index target_reminder_batch on target (reminder_batch_id) where reminder_batch_id is not null;
create index target_contact on target (contact_id);

-- Is a reason to skip a target one of the engine's own words, and not of an agent?
create function is_engines_skip_reason(reason text) returns boolean language sql immutable parallel safe as $$
    select reason in ('redacted', 'opted_out', 'deactivated', 'not_in_group', 'not_textable', 'maybe_texted') or reason ~ '^missing_value:'
$$;
-- Reasons that agents wrote: a redaction looks through them, and not through all targets.
create index target_reason_said on target (goal_id) where skip_reason is not null and not is_engines_skip_reason(skip_reason);
create index target_yes on target (goal_id) where answer = 'yes' and reminder_batch_id is null;

-- Targeting -------------------------------------------------------------------

-- Has a target this result in an earlier goal (rule T1)?
create function has_result(initial_message_id uuid, replied_at timestamptz, answer text, opted_out_at timestamptz, result text)
returns boolean language sql stable as $$
    select case result
        when 'not_messaged' then not was_messaged(initial_message_id)
        when 'messaged' then was_messaged(initial_message_id)
        when 'replied' then replied_at is not null
        when 'not_replied' then replied_at is null and was_messaged(initial_message_id)
        when 'yes' then answer is not distinct from 'yes'
        when 'no' then answer is not distinct from 'no'
        when 'maybe' then answer is not distinct from 'maybe'
        when 'opted_out' then opted_out_at is not null
        else false
    end
$$;

-- Returns the targeting with another tag in place of one.
create function with_tag(targeting jsonb, before text, after text) returns jsonb language sql immutable parallel safe as $$
    select targeting || coalesce((
        select jsonb_object_agg(key, (
            select jsonb_agg(name order by nth) from (
                select case name when before then after else name end as name, min(nth) as nth
                from jsonb_array_elements_text(value) with ordinality as said (name, nth) group by 1) each_once))
        from jsonb_each(targeting)
        where key in ('tags_all', 'tags_any', 'tags_none') and jsonb_typeof(value) = 'array' and value ? before), '{}')
$$;

-- The same for a custom field.
create function with_field(targeting jsonb, before text, after text) returns jsonb language sql immutable parallel safe as $$
    select case when jsonb_typeof(targeting -> 'fields') = 'array' then targeting || jsonb_build_object('fields', (
        select coalesce(jsonb_agg(case one ->> 'field' when before then one || jsonb_build_object('field', after) else one end order by nth), '[]')
        from jsonb_array_elements(targeting -> 'fields') with ordinality as said (one, nth))) else targeting end
$$;

-- Returns a group's contacts with the filters that they miss, by position in the list of filters
-- (rules T1 and T1a), said once for previews, launches and explanations. It goes by the group's
-- knowledge of them (rule A5): unknown values are absent.
create function targeting_of(in_group uuid, filters jsonb)
returns table (contact_id uuid, assigned_agent_id uuid, deactivated_at timestamptz, opted_out_at timestamptz, redacted_at timestamptz,
    line_type text, misses int[])
language sql stable as $$
    select c.id, m.assigned_agent_id, m.deactivated_at, c.opted_out_at, c.redacted_at, c.line_type,
        case when filters = '[]' then '{}'::int[] else array(
            select f.nth::int
            from jsonb_array_elements(filters) with ordinality f (filter, nth),
                 lateral (select case f.filter ->> 'filter'
                     when 'field' then
                         nullif((case when m.knows is null then c.fields else m.knows -> 'fields' end) ->> (f.filter ->> 'field'), '')
                     when 'attribute' then nullif(case f.filter ->> 'attribute'
                         when 'postal_code' then case when m.knows is null then c.postal_code else m.knows ->> 'postal_code' end
                         when 'email' then case when m.knows is null then c.email else m.knows ->> 'email' end
                         when 'external_id' then case when m.knows is null then c.external_id else m.knows ->> 'external_id' end
                         when 'assigned_agent' then m.assigned_agent_id::text
                     end, '')
                 end as value) v
            where not coalesce(case f.filter ->> 'filter'
                when 'tag' then exists (
                    select from contact_tag ct join tag t on t.id = ct.tag_id
                    where ct.contact_id = c.id and t.name = f.filter ->> 'tag' and (m.knows is null or m.knows -> 'tags' ? ct.tag_id::text))
                when 'tags_any' then exists (
                    select from contact_tag ct join tag t on t.id = ct.tag_id
                    where ct.contact_id = c.id and f.filter -> 'tags' ? t.name and (m.knows is null or m.knows -> 'tags' ? ct.tag_id::text))
                when 'not_tag' then not exists (
                    select from contact_tag ct join tag t on t.id = ct.tag_id
                    where ct.contact_id = c.id and t.name = f.filter ->> 'tag' and (m.knows is null or m.knows -> 'tags' ? ct.tag_id::text))
                when 'member_of' then exists (
                    select from membership o where o.group_id = (f.filter ->> 'group_id')::uuid and o.contact_id = c.id)
                when 'not_member_of' then not exists (
                    select from membership o where o.group_id = (f.filter ->> 'group_id')::uuid and o.contact_id = c.id)
                when 'earlier_goal' then exists (
                    select from target e, jsonb_array_elements_text(f.filter -> 'any_of') result
                    where e.goal_id = (f.filter ->> 'goal_id')::uuid and e.contact_id = c.id
                      and has_result(e.initial_message_id, e.replied_at, e.answer, e.opted_out_at, result))
                else case
                    when f.filter -> 'is' ? 'any_of' then v.value is not null and f.filter -> 'is' -> 'any_of' ? v.value
                    when f.filter -> 'is' ? 'none_of' then v.value is not null and not f.filter -> 'is' -> 'none_of' ? v.value
                    when f.filter ->> 'is' = 'has_value' then v.value is not null
                    when f.filter ->> 'is' = 'blank' then v.value is null
                end
            end, false)
            order by f.nth) end
    from membership m
    join contact c on c.id = m.contact_id
    where m.group_id = in_group
$$;

-- Returns the first reason for which no goal can target a contact of a group (rule T2), or null.
create function untargetable(redacted_at timestamptz, opted_out_at timestamptz, deactivated_at timestamptz, line_type text)
returns text language sql immutable parallel safe as $$
    select case
        when redacted_at is not null then 'redacted'
        when opted_out_at is not null then 'opted_out'
        when deactivated_at is not null then 'deactivated'
        when not is_textable(line_type) then 'not_textable'
    end
$$;

-- Returns the contacts of a group that a targeting selects (rules T1 and T2). The conditions are
-- those of `untargetable`, as the planner can estimate them.
create function targeted_contacts(in_group uuid, filters jsonb)
returns table (contact_id uuid, assigned_agent_id uuid) language sql stable as $$
    select t.contact_id, t.assigned_agent_id
    from targeting_of(in_group, filters) t
    where t.deactivated_at is null and t.opted_out_at is null and t.redacted_at is null and is_textable(t.line_type)
      and coalesce(t.misses = '{}', false)
$$;
