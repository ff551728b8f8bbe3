-- People: contacts, memberships, tags and fields (rules C1 to C16), bulk changes, their events, and
-- the remainder of redacted people (rules R3, R4 and R6).

-- Contacts --------------------------------------------------------------------

-- Organizations, groups and tags are never deleted (rule A4), and the writers of `contact`,
-- `membership` and `contact_tag` have just read them. A foreign key would check each row, which
-- costs more than all else of an import and locks the same few rows from all workers at once.
create table contact (
    id uuid primary key,
    -- No reference, see above.
    organization_id uuid not null,
    -- Null once redacted.
    e164 text check (e164 ~ '^\+1[2-9][0-9]{2}[2-9][0-9]{6}$'),
    first_name text not null default '',
    last_name text not null default '',
    email text,
    postal_code text,
    notes text,
    external_id text,
    fields jsonb not null default '{}',
    -- Unknown until a lookup answers (rule C5). Landlines and numbers that nobody has take no texts
    -- (rule S7).
    line_type text not null default 'unknown' check (line_type in ('unknown', 'mobile', 'voip', 'landline', 'invalid')),
    -- The carrier that serves the number; null before a lookup (rule S10).
    carrier text,
    looked_up_at timestamptz,
    opted_out_at timestamptz,
    opt_out_reason text,
    -- The way by which the opt-out was recorded.
    opt_out_origin text check (opt_out_origin in ('text', 'agent', 'admin', 'file', 'carrier', 'redacted', 'account')),
    -- The number of the word that the contact stands by (rule I3a), from `receive_order`.
    last_word bigint,
    redacted_at timestamptz,
    -- Provenance (rule C13).
    source text not null check (source in ('file', 'api', 'form', 'inbound')),
    source_import_id uuid,
    consent_text text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (organization_id, e164),
    constraint contact_redacted_has_no_number check ((redacted_at is null) = (e164 is not null))
);
-- Opt-outs by recency. Look-ups by number cannot use it, because it has no other contacts.
create index contact_opted_out on contact (organization_id, opted_out_at, id) where opted_out_at is not null and redacted_at is null;

-- Reasons that staff wrote: a redaction looks through them, and not through all contacts.
create index contact_reason_said on contact (organization_id) where opt_out_origin in ('agent', 'admin') and opt_out_reason is not null;

-- Does a line take texts? Said once for targeting, sending and explaining (rules C5 and S7).
create function is_textable(line_type text) returns boolean language sql immutable parallel safe as $$
    select line_type not in ('landline', 'invalid')
$$;

create table membership (
    -- No reference, see `contact`.
    group_id uuid not null,
    contact_id uuid not null references contact,
    assigned_agent_id uuid references member,
    deactivated_at timestamptz,
    -- The import by which the contact joined.
    import_id uuid,
    added_at timestamptz not null default now(),
    -- The group's knowledge of the contact (rules A5 and C1): values by field, as `told` makes
    -- them, custom fields under `fields`, and ids of tags under `tags`. Null: all that the
    -- organization has. Values and not names of fields, so that a group keeps its own values when
    -- another group's file replaces them.
    knows jsonb,
    -- Provenance of a membership that neither an import nor a text made (rule C13): a group that
    -- knows the contact partly is told this one, and not the contact's.
    source text check (source in ('file', 'api', 'form', 'inbound')),
    consent_text text,
    primary key (group_id, contact_id)
);
create index membership_contact on membership (contact_id);

-- Sizes of groups, as entries that add up: each statement that makes or removes memberships adds
-- one for each of its groups, so that no writer waits for another's counter. Upkeep folds them.
create table group_size (
    id bigint generated always as identity primary key,
    group_id uuid not null,
    contacts bigint not null
);
create index group_size_group on group_size (group_id) include (contacts);

create function record_group_sizes() returns trigger language plpgsql as $$
begin
    insert into group_size (group_id, contacts)
    select group_id, case tg_op when 'INSERT' then count(*) else -count(*) end from changed group by group_id;
    return null;
end
$$;
create trigger membership_joins after insert on membership
    referencing new table as changed for each statement execute function record_group_sizes();
create trigger membership_leaves after delete on membership
    referencing old table as changed for each statement execute function record_group_sizes();
-- How many contacts an agent has in a group (rule A2). Contacts without an agent are not in it, so
-- that imports without agents do not pay for it.
create index membership_agent on membership (group_id, assigned_agent_id) where assigned_agent_id is not null;

create table custom_field (
    id uuid not null unique default uuid_v7(),
    organization_id uuid not null references organization,
    name text not null,
    -- Files and agents leave its values as they are (rule C14).
    locked boolean not null default false,
    -- The field that has its values: files that go on naming this one fill that one.
    merged_into uuid,
    -- Since when scripts and targeting name the other field. Until then this one is a field too.
    switched_at timestamptz,
    version int not null default 1,
    created_at timestamptz not null default now(),
    primary key (organization_id, name)
);

create table tag (
    id uuid primary key default uuid_v7(),
    organization_id uuid not null references organization,
    name text not null,
    -- Files and agents do not give it.
    locked boolean not null default false,
    -- Agents may name it as the reason of an opt-out or a skip (rule W8).
    reason boolean not null default false,
    -- The tag that its contacts have: files that go on naming this one give that one.
    merged_into uuid,
    version int not null default 1,
    created_at timestamptz not null default now(),
    unique (organization_id, name)
);
create index tag_merged_into on tag (merged_into) where merged_into is not null;

-- Returns the tags that files give by name: neither locked nor merged into a locked one.
create view given_tag as
    select t.organization_id, t.name, coalesce(m.id, t.id) as tag_id
    from tag t left join tag m on m.id = t.merged_into
    where not t.locked and not coalesce(m.locked, false);

create table contact_tag (
    contact_id uuid not null references contact,
    -- No reference, see `contact`.
    tag_id uuid not null,
    -- The import that tagged the contact.
    import_id uuid,
    primary key (contact_id, tag_id)
);
create index contact_tag_tag on contact_tag (tag_id);

-- Words -----------------------------------------------------------------------

-- The latest word of a contact stands, in any order of handling (rule I3a). The api numbers texts
-- as it records them (`webhook.receive_order`). Words of admins, files and carriers take their
-- number from the same sequence when they are written.
create sequence receive_order;

create function number_a_word() returns trigger language plpgsql as $$
begin
    new.last_word := nextval('receive_order');
    return new;
end
$$;
-- A statement that opts a contact out or in without a word's number gets one now.
create trigger contact_word before update of opted_out_at on contact for each row
    when (new.opted_out_at is distinct from old.opted_out_at and new.last_word is not distinct from old.last_word)
    execute function number_a_word();
create trigger contact_first_word before insert on contact for each row
    when (new.opted_out_at is not null and new.last_word is null)
    execute function number_a_word();

-- The latest words of numbers in accounts with organizations that hear each other's opt-outs (rules
-- I3 and I3a). All that says a word, and all that makes a contact, locks the number's row before
-- any contact, so that two organizations' words come one after the other and a new contact hears of
-- each. A row that says nothing lasts no longer than the transaction that needed its lock.
create table account_word (
    account_id uuid not null references account,
    e164 text not null check (e164 ~ '^\+1[2-9][0-9]{2}[2-9][0-9]{6}$'),
    opted_out_at timestamptz,
    last_word bigint,
    primary key (account_id, e164)
);

-- A number that no contact of the account has any more is forgotten: the remainder of a redacted
-- person says whether they had opted out (rule R4).
create function forget_account_word() returns trigger language plpgsql as $$
begin
    delete from account_word w using organization o
    where o.id = new.organization_id and w.account_id = o.account_id and w.e164 = old.e164
      and not exists (
          select from organization s join contact c on c.organization_id = s.id
          where s.account_id = o.account_id and c.e164 = old.e164);
    return null;
end
$$;
create trigger contact_forgets_its_word after update of redacted_at on contact for each row
    when (old.redacted_at is null and new.redacted_at is not null)
    execute function forget_account_word();

-- History ---------------------------------------------------------------------

-- Events of people that decide whether they are texted. Beside the history of messages
-- (`message_event`) they explain why a contact was or was not texted. Triggers write them,
-- whichever statement changes people. Append-only, and without anything personal. Not partitioned:
-- most people have no row, and all are kept.
create table contact_event (
    id uuid not null default uuid_v7() primary key,
    organization_id uuid not null,
    contact_id uuid not null,
    -- The group of a membership's event.
    group_id uuid,
    what text not null
        check (what in ('opted_out', 'opted_out_by_account', 'opted_in', 'not_textable', 'textable', 'redacted', 'deactivated', 'reactivated', 'removed_from_group')),
    at timestamptz not null default clock_timestamp(),
    constraint contact_event_of_membership_has_group check ((group_id is not null) = (what in ('deactivated', 'reactivated', 'removed_from_group')))
);
create index contact_event_contact on contact_event (contact_id, id);
create trigger contact_event_stays before update or delete on contact_event
    for each row execute function refuse_change();
create trigger contact_event_is_kept before truncate on contact_event
    for each statement execute function refuse_change();

create function record_contact_events() returns trigger language plpgsql as $$
begin
    insert into contact_event (organization_id, contact_id, what)
    select new.organization_id, new.id, what from unnest(array[
        case when old.redacted_at is null and new.redacted_at is not null then 'redacted' end,
        case when new.redacted_at is null and old.opted_out_at is null and new.opted_out_at is not null
            then case when new.opt_out_origin = 'account' then 'opted_out_by_account' else 'opted_out' end end,
        case when new.redacted_at is null and old.opted_out_at is not null and new.opted_out_at is null then 'opted_in' end,
        case when new.redacted_at is null and is_textable(old.line_type) and not is_textable(new.line_type) then 'not_textable' end,
        case when new.redacted_at is null and is_textable(new.line_type) and not is_textable(old.line_type) then 'textable' end
    ]) as what
    where what is not null;
    return null;
end
$$;
create trigger contact_changed after update of opted_out_at, line_type, redacted_at on contact
    for each row when (old.* is distinct from new.*) execute function record_contact_events();

create function record_membership_events() returns trigger language plpgsql as $$
begin
    insert into contact_event (organization_id, contact_id, group_id, what)
    select organization_id, new.contact_id, new.group_id, case when new.deactivated_at is null then 'reactivated' else 'deactivated' end
    from contact_group where id = new.group_id;
    return null;
end
$$;
create trigger membership_changed after update of deactivated_at on membership
    for each row when ((old.deactivated_at is null) <> (new.deactivated_at is null)) execute function record_membership_events();

-- Redaction -------------------------------------------------------------------

-- The keys that numbers were hashed under, by their check values (`domain::phone_hash`). A process
-- with another key does not start (rule R4).
create table phone_hash_key (
    key_id bytea primary key,
    first_used_at timestamptz not null default now()
);

-- The remains of a redacted person: HMAC of the number (key outside the database) and whether they
-- had opted out (rule R4).
create table suppression (
    account_id uuid not null references account,
    phone_hash bytea not null,
    -- The check value of the hash's key.
    key_id bytea not null,
    organization_id uuid not null references organization,
    opted_out boolean not null,
    primary key (account_id, phone_hash, organization_id)
);
create index suppression_key on suppression (key_id);

-- The ledger of erasures (rule R6): enough to replay them, nothing that identifies. The request
-- itself keeps texts back and erases the person's rows (rules R3 and S9); a job erases files and
-- free text, which take longer.
create table redaction (
    id uuid primary key,
    account_id uuid not null references account,
    -- Null when the engine repeats a redaction, or keeps to a time of retention.
    requested_by uuid references member,
    phone_hash bytea not null,
    -- The check value of the hash's key.
    key_id bytea not null,
    -- Needed until the job has run, then null.
    e164 text,
    -- The person's names, needed until the job has run, then null.
    traces jsonb,
    -- The contacts that were overwritten, until the job has looked at them once more.
    contact_ids uuid[] not null default '{}',
    -- The imports of the account that were under way when the job first looked, and that instant.
    -- Their files may hold the person: the redaction waits for them, and for no import that begins
    -- later.
    waits_for uuid[],
    looked_at timestamptz,
    contacts int,
    messages bigint,
    -- The receipt: how many rows of each table and objects of each folder were erased, and the
    -- imports that were ended for it.
    erased_rows jsonb not null default '{}',
    erased_objects jsonb not null default '{}',
    ended_imports uuid[] not null default '{}',
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    constraint redaction_number_until_finished check ((finished_at is null) = (e164 is not null)),
    constraint redaction_traces_until_finished check (finished_at is null or traces is null),
    constraint redaction_waits_since_a_look check ((waits_for is null) = (looked_at is null))
);
create index redaction_pending on redaction (e164, account_id) where finished_at is null;
create index redaction_of_account on redaction (account_id, phone_hash);

-- Returns counts by name, added up.
create function sum_of_counts(one jsonb, another jsonb) returns jsonb language sql immutable parallel safe as $$
    select coalesce(jsonb_object_agg(name, counts), '{}') from (
        select name, sum(count::bigint) as counts
        from (select * from jsonb_each_text(one) union all select * from jsonb_each_text(another)) each_one (name, count)
        group by name) summed
$$;

-- Returns free text without the traces of a person. `sure` is left out without regard to case.
-- `alone`, single names, is too, but in prose only as they are written: there "hope" is not Hope.
create function without_person(said text, sure text, alone text, prose boolean) returns text language sql immutable parallel safe as $$
    select regexp_replace(regexp_replace(said, sure, 'redacted', 'gi'), alone, 'redacted', case when prose then 'g' else 'gi' end)
$$;
create function without_person(said text[], sure text, alone text, prose boolean) returns text[] language sql immutable parallel safe as $$
    select array(select without_person(one, sure, alone, prose) from unnest(said) with ordinality as a (one, nth) order by nth)
$$;
create function without_person(said jsonb, sure text, alone text, prose boolean) returns jsonb language sql immutable parallel safe as $$
    select without_person(said::text, sure, alone, prose)::jsonb
$$;

-- Returns the digits of a text, full-width ones too, and nothing else.
create function digits_of(said text) returns text language sql immutable parallel safe as $$
    select regexp_replace(translate(said, '０１２３４５６７８９', '0123456789'), '[^0-9]', '', 'g')
$$;

-- Is a rejected row the person's? By nine of their number's ten digits in a row (the row may have
-- lost one), or by their traces.
create function row_is_of(said text, phone text, sure text, alone text) returns boolean language sql immutable parallel safe as $$
    select strpos(digits_of(said), left(phone, 9)) > 0 or strpos(digits_of(said), right(phone, 9)) > 0
        or said ~* sure or said ~* alone
$$;

-- Returns the values that a row, or a contact, tells by its fields.
create function told(first_name text, last_name text, email text, postal_code text, notes text, external_id text, fields jsonb)
returns jsonb language sql immutable parallel safe as $$
    select jsonb_strip_nulls(jsonb_build_object('first_name', nullif(first_name, ''), 'last_name', nullif(last_name, ''), 'email', email,
            'postal_code', postal_code, 'notes', notes, 'external_id', external_id))
        || jsonb_build_object('fields', fields)
$$;

-- Returns the knowledge once something is told, with these tags.
create function known_with(known jsonb, told jsonb, tags uuid[]) returns jsonb language sql immutable parallel safe as $$
    select known || told || jsonb_build_object(
        'fields', coalesce(known -> 'fields', '{}') || (told -> 'fields'),
        'tags', (select coalesce(jsonb_agg(tag order by tag), '[]')
                 from (select jsonb_array_elements(coalesce(known -> 'tags', '[]')) union select to_jsonb(unnest(tags))) both_of_them (tag)))
$$;
