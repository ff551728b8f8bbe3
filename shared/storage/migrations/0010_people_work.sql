-- Work on people by admins: merges of tags and fields, sign-up forms, filters and bulk changes
-- (rules C8, C14 and C16).

-- Merges ----------------------------------------------------------------------

-- One tag or field that becomes another, contact by contact (rule C16). A rename of a field is a
-- merge into a new one.
create table name_merge (
    id uuid primary key,
    organization_id uuid not null references organization,
    kind text not null check (kind in ('tag', 'field')),
    from_id uuid not null,
    into_id uuid not null,
    -- A rename's new field has no values of its own.
    renames boolean not null default false,
    step text not null default 'copy' check (step in ('copy', 'switch', 'move', 'done')),
    -- The last contact of the step so far.
    after_contact_id uuid,
    -- Contacts that have the other tag or field by now.
    contacts bigint not null default 0,
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    constraint name_merge_ends_when_done check ((step = 'done') = (finished_at is not null))
);
create unique index name_merge_open on name_merge (from_id) where finished_at is null;
create index name_merge_into on name_merge (into_id) where finished_at is null;

-- Sign-up forms ---------------------------------------------------------------

-- Forms by which people sign up themselves for a group (rule C16).
create table form (
    id uuid primary key,
    organization_id uuid not null references organization,
    group_id uuid not null references contact_group,
    -- The public page's name, which cannot be guessed.
    public_key text not null unique check (public_key ~ '^[0-9a-f]{32}$'),
    title text not null,
    -- The words that the person agrees to (rule C13).
    consent_text text not null,
    -- Questions beside the phone, as `domain::people::form` has them.
    questions jsonb not null default '[]' check (jsonb_typeof(questions) = 'array'),
    tag_ids uuid[] not null default '{}',
    -- Origins of pages elsewhere that may post to it; `*` for any.
    allowed_origins text[] not null default '{}',
    -- Sign-ups in an hour, of the form and of one client address.
    sign_ups_an_hour int not null check (sign_ups_an_hour > 0),
    sign_ups_an_hour_and_client int not null check (sign_ups_an_hour_and_client > 0),
    active boolean not null default true,
    version int not null default 1,
    created_by uuid not null references member,
    created_at timestamptz not null default now()
);
create index form_organization on form (organization_id, id);

-- The consents that people gave by forms, in the words that they saw (rule C13).
create table sign_up (
    id uuid primary key,
    form_id uuid not null references form,
    contact_id uuid not null references contact,
    consent_text text not null,
    signed_up_at timestamptz not null default clock_timestamp()
);
create index sign_up_contact on sign_up (contact_id, id);

-- Filters ---------------------------------------------------------------------

-- Returns the contacts of an organization that match a filter (rule C16, `domain::people::filter`),
-- said once for lists, searches and bulk changes. With a reader's groups: contacts of these groups,
-- by their knowledge (rule A5). A single statement, so that the planner looks into it.
create function matching_contacts(in_organization uuid, readers uuid[], filter jsonb) returns setof contact language sql stable as $$
    select c.* from contact c
    where c.organization_id = in_organization
      and (filter -> 'ids' is null or c.id = any(array(select one::uuid from jsonb_array_elements_text(filter -> 'ids') one)))
      and (filter ->> 'phone' is null or c.e164 = filter ->> 'phone')
      and ((readers is null and filter -> 'group_id' is null and filter -> 'assigned_agent_id' is null and filter -> 'assigned' is null
              and coalesce(filter ->> 'status', '') not in ('active', 'deactivated'))
          or exists (
              select from membership m
              where m.contact_id = c.id
                and (readers is null or m.group_id = any(readers))
                and (filter -> 'group_id' is null or m.group_id = (filter ->> 'group_id')::uuid)
                and (filter -> 'assigned_agent_id' is null or m.assigned_agent_id = (filter ->> 'assigned_agent_id')::uuid)
                and (filter -> 'assigned' is null or (m.assigned_agent_id is not null) = (filter ->> 'assigned')::boolean)
                and case filter ->> 'status'
                    when 'active' then m.deactivated_at is null
                    when 'deactivated' then m.deactivated_at is not null
                    else true
                end))
      and case filter ->> 'status'
          when 'active' then c.opted_out_at is null and c.redacted_at is null and is_textable(c.line_type)
          when 'deactivated' then c.redacted_at is null
          when 'opted_out' then c.opted_out_at is not null and c.redacted_at is null
          when 'not_textable' then not is_textable(c.line_type) and c.redacted_at is null
          when 'redacted' then c.redacted_at is not null
          else true
      end
      and (filter ->> 'name' is null or case when readers is null
          then strpos(lower(c.first_name || ' ' || c.last_name), lower(filter ->> 'name')) > 0
          else exists (
              select from membership m
              where m.contact_id = c.id and m.group_id = any(readers)
                and strpos(lower(case when m.knows is null then c.first_name || ' ' || c.last_name
                    else coalesce(m.knows ->> 'first_name', '') || ' ' || coalesce(m.knows ->> 'last_name', '') end), lower(filter ->> 'name')) > 0)
          end)
      and (filter ->> 'email' is null or case when readers is null
          then lower(c.email) = lower(filter ->> 'email')
          else exists (
              select from membership m
              where m.contact_id = c.id and m.group_id = any(readers)
                and lower(case when m.knows is null then c.email else m.knows ->> 'email' end) = lower(filter ->> 'email'))
          end)
      and (filter ->> 'external_id' is null or case when readers is null
          then c.external_id = filter ->> 'external_id'
          else exists (
              select from membership m
              where m.contact_id = c.id and m.group_id = any(readers)
                and case when m.knows is null then c.external_id else m.knows ->> 'external_id' end = filter ->> 'external_id')
          end)
      and (filter ->> 'tag' is null or exists (
          select from contact_tag ct join tag t on t.id = ct.tag_id
          where ct.contact_id = c.id and t.organization_id = in_organization and t.name = filter ->> 'tag'
            and (readers is null or exists (
                select from membership m
                where m.contact_id = c.id and m.group_id = any(readers) and (m.knows is null or m.knows -> 'tags' ? ct.tag_id::text)))))
      and (filter ->> 'without_tag' is null or not exists (
          select from contact_tag ct join tag t on t.id = ct.tag_id
          where ct.contact_id = c.id and t.organization_id = in_organization and t.name = filter ->> 'without_tag'
            and (readers is null or exists (
                select from membership m
                where m.contact_id = c.id and m.group_id = any(readers) and (m.knows is null or m.knows -> 'tags' ? ct.tag_id::text)))))
$$;

-- Changes of all contacts that match a filter (rule C16).
create table bulk_change (
    id uuid primary key,
    organization_id uuid not null references organization,
    created_by uuid not null references member,
    filter jsonb not null,
    action jsonb not null,
    -- The tag that the action names. No reference: it may be merged into another meanwhile.
    tag_id uuid,
    -- The groups of the admin of groups that asked; null: all.
    readers uuid[],
    state text not null default 'waiting' check (state in ('waiting', 'running', 'succeeded', 'failed', 'cancelled')),
    failure text check (failure in ('not_allowed_any_more', 'tag_gone', 'agent_gone')),
    -- The size of the frozen set; null until it is frozen.
    contacts bigint,
    -- Of them, those that are accounted for, and how many by outcome.
    done bigint not null default 0,
    outcomes jsonb not null default '{}',
    created_at timestamptz not null default now(),
    -- The instant at which the set was frozen.
    started_at timestamptz,
    finished_at timestamptz,
    constraint bulk_change_counts_within_its_set check (done <= coalesce(contacts, 0)),
    constraint bulk_change_failed_has_failure check ((state = 'failed') = (failure is not null)),
    constraint bulk_change_over_has_end check ((state in ('succeeded', 'failed', 'cancelled')) = (finished_at is not null))
);
create index bulk_change_organization on bulk_change (organization_id, id);
-- Changes that are not over, which are bounded for each organization.
create index bulk_change_open on bulk_change (organization_id) where state in ('waiting', 'running');

-- The contacts of a bulk change's frozen set that are not accounted for yet.
create table bulk_change_contact (
    bulk_change_id uuid not null references bulk_change,
    -- No reference: the undo of an import deletes contacts.
    contact_id uuid not null,
    primary key (bulk_change_id, contact_id)
);
