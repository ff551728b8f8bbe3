-- Rules R3 and S9: a redaction's request itself keeps texts back and erases the person's rows; what takes longer, files and free text, is a job's.
alter table redaction
    -- Who the person was called, needed until the job has run like the number itself, then null.
    add column traces jsonb,
    -- The contacts that were overwritten, until the job has looked at them once more.
    add column contact_ids uuid[] not null default '{}',
    -- The imports of the account that were under way when the job first looked, and when that was. Their files may hold the person, so that the
    -- redaction waits for them, and for no other: whatever begins later knows of the redaction.
    add column waits_for uuid[],
    add column looked_at timestamptz,
    add check (finished_at is null or traces is null),
    add check ((waits_for is null) = (looked_at is null));
create index redaction_pending on redaction (e164, account_id) where finished_at is null;
create index redaction_of_account on redaction (account_id, phone_hash);

-- Free text without what tells of a person. `sure` is left out without regard to case; `alone`, single names, likewise, but in prose only as
-- they are written: there "hope" is not Hope.
create function without_person(said text, sure text, alone text, prose boolean) returns text language sql immutable parallel safe as $$
    select regexp_replace(regexp_replace(said, sure, 'redacted', 'gi'), alone, 'redacted', case when prose then 'g' else 'gi' end)
$$;
create function without_person(said text[], sure text, alone text, prose boolean) returns text[] language sql immutable parallel safe as $$
    select array(select without_person(one, sure, alone, prose) from unnest(said) with ordinality as a (one, nth) order by nth)
$$;
create function without_person(said jsonb, sure text, alone text, prose boolean) returns jsonb language sql immutable parallel safe as $$
    select without_person(said::text, sure, alone, prose)::jsonb
$$;

-- The digits of a text, full-width ones too, and nothing else.
create function digits_of(said text) returns text language sql immutable parallel safe as $$
    select regexp_replace(translate(said, '０１２３４５６７８９', '0123456789'), '[^0-9]', '', 'g')
$$;

-- Is a rejected row the person's? By nine of their number's ten digits in a row (the row may have lost one), or by what tells of them.
create function row_is_of(said text, phone text, sure text, alone text) returns boolean language sql immutable parallel safe as $$
    select strpos(digits_of(said), left(phone, 9)) > 0 or strpos(digits_of(said), right(phone, 9)) > 0
        or said ~* sure or said ~* alone
$$;

-- Tags that an import's rows name are needed until it is admitted.
update import_part p set tags = null
from import i where i.id = p.import_id and i.state not in ('waiting', 'running') and p.tags is not null;
