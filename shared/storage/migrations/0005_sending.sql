-- Sending: caps and rates of brands (rules S3, S4 and S7), messages and their history, receipts.

-- Caps and rates --------------------------------------------------------------

-- Segments a day for each carrier that caps a brand; a carrier without a row does not cap it.
create table brand_cap (
    brand_id uuid not null references brand,
    carrier text not null,
    daily_segments bigint not null check (daily_segments >= 0),
    primary key (brand_id, carrier)
);

-- Segments that have gone out, and are on their way out, under a cap (rule S3). Each reservation
-- copies the limit here, never below the used segments, so that lowering a cap while texts are on
-- their way stops new ones without breaking the ledger.
create table cap_ledger (
    brand_id uuid not null references brand,
    carrier text not null,
    day date not null,
    daily_limit bigint not null,
    reserved bigint not null default 0 check (reserved >= 0),
    settled bigint not null default 0 check (settled >= 0),
    primary key (brand_id, carrier, day),
    constraint cap_is_never_exceeded check (reserved + settled <= daily_limit)
);

-- Segments a minute of the brand's registered campaign at each carrier that limits it (rule S4); a
-- carrier without a row does not.
create table brand_rate (
    brand_id uuid not null references brand,
    carrier text not null,
    segments_per_minute bigint not null check (segments_per_minute between 1 and 1000000),
    primary key (brand_id, carrier)
);

-- While it lasts, nothing of the brand is handed over (rule S7).
create table brand_hold (
    brand_id uuid primary key references brand,
    reason text not null check (reason in ('cap', 'carrier')),
    -- Null: until an admin ends it.
    until timestamptz,
    -- The carrier's code that asked for it.
    code int not null,
    since timestamptz not null default now()
);

-- Lanes: the subjects of rate limits, 'carrier:BRAND:CARRIER' or 'number:E164'. See `domain::rate`.
create table rate_lane (
    key text primary key,
    brand_id uuid not null references brand,
    segments_per_minute bigint not null,
    free_at timestamptz not null default 'epoch',
    -- About how many segments wait; 0 only when none do.
    waiting_segments bigint not null default 0 check (waiting_segments >= 0)
) with (fillfactor = 50);
create index rate_lane_brand on rate_lane (brand_id);

-- Goals take turns in a lane. Texts outside a goal's turn (replies in conversations) come first,
-- under the nil id.
create function lane_goal(kind text, goal_id uuid) returns uuid language sql immutable parallel safe as $$
    select case when kind in ('initial', 'reminder') then goal_id else '00000000-0000-0000-0000-000000000000'::uuid end
$$;

-- Takes the time of texts in lanes, and their segments in the ledgers of a day, if there is room
-- for all. Returns whether there was; if not, the caller rolls its transaction back. Lanes go
-- before ledgers, each in the order of their keys, as everywhere.
--
-- One call, because all workers of a brand wait for each other under these locks: each round trip
-- between worker and database while a lock is held would be a wait for each of them.
create function take_room(
    for_brand uuid, on_day date, instant timestamptz, horizon_us bigint,
    lanes text[], takes_us bigint[], paces bigint[],
    carriers text[], amounts bigint[]
) returns boolean language plpgsql as $$
declare
    us constant interval = interval '1 microsecond';
    done bigint;
    -- Read after the locks: a worker that waited long takes none of the time that has gone by.
    taken timestamptz;
begin
    if cardinality(lanes) > 0 then
        perform from rate_lane where key = any (lanes) order by key for no key update;
        taken := greatest(instant, clock_timestamp());
        update rate_lane l set free_at = greatest(l.free_at, taken) + n.takes * us, segments_per_minute = n.pace
        from unnest(lanes, takes_us, paces) as n (key, takes, pace)
        where l.key = n.key and l.waiting_segments = 0 and greatest(l.free_at, taken) + n.takes * us <= taken + horizon_us * us;
        get diagnostics done = row_count;
        if done < cardinality(lanes) then
            return false;
        end if;
    end if;
    if cardinality(carriers) > 0 then
        perform from cap_ledger where brand_id = for_brand and day = on_day and carrier = any (carriers) order by carrier for no key update;
        update cap_ledger l set reserved = l.reserved + s.amount, daily_limit = b.daily_segments
        from unnest(carriers, amounts) as s (carrier, amount)
        join brand_cap b on b.brand_id = for_brand and b.carrier = s.carrier
        where l.brand_id = for_brand and l.day = on_day and l.carrier = s.carrier and l.reserved + l.settled + s.amount <= b.daily_segments;
        get diagnostics done = row_count;
        if done < cardinality(carriers) then
            return false;
        end if;
    end if;
    return true;
end
$$;

-- Messages --------------------------------------------------------------------

-- No references: a message is written for every text, and its writers have just read the rows that
-- it names.
create table message (
    id uuid primary key,
    organization_id uuid not null,
    group_id uuid not null,
    goal_id uuid,
    contact_id uuid not null,
    thread_id uuid not null,
    agent_id uuid,
    kind text not null check (kind in ('initial', 'reminder', 'reply', 'opt_out_confirmation', 'help', 'test', 'inbound')),
    state text not null check (state in ('queued', 'held', 'sending', 'unknown', 'sent', 'delivered', 'undelivered', 'failed',
        'cancelled', 'received')),
    body text not null,
    encoding text not null
        check (encoding in ('GSM-7', 'UCS-2')),
    segments int not null,
    -- An initial that its agent has edited: the body is not the script's (rule W9).
    edited boolean not null default false,
    -- Pictures and the like of an inbound text, as [{"content_type", "url"}]. Redaction takes the
    -- addresses away.
    media jsonb,
    -- An inbound text's channel where it is not plain texts.
    channel text,
    -- Why it is held or cancelled, and until when it is held (null: until something happens).
    reason text
        check (reason in (
            'paused', 'not_open', 'hours', 'cap', 'carrier', 'rate', 'frequency', 'redacted',
            'opted_out', 'deactivated', 'not_in_group', 'not_textable', 'reassigned', 'no_longer_yes',
            'window_closed', 'no_common_hours', 'number_gone')),
    held_until timestamptz,
    -- The lane that a held message waits for.
    lane text,
    -- The instant at which it took its time in its lanes.
    rate_slot timestamptz,
    -- The job that hands the message over, and that job's epoch when it did.
    send_job_id uuid,
    send_epoch bigint,
    handed_over_at timestamptz,
    send_attempts int not null default 0,
    -- The cap that its segments are reserved or settled under.
    cap_carrier text,
    cap_day date,
    cap_state text check (cap_state in ('reserved', 'settled')),
    carrier_sid text,
    error_code int,
    sent_at timestamptz,
    delivered_at timestamptz,
    traceparent text,
    created_at timestamptz not null default now(),
    constraint message_held_has_reason check (state <> 'held' or reason is not null),
    constraint message_cancelled_has_reason check (state <> 'cancelled' or reason is not null),
    constraint message_inbound_is_received check ((kind = 'inbound') = (state = 'received'))
) partition by range (id);
create table message_default partition of message default;
create index message_thread on message (thread_id, id);
create index message_goal on message (goal_id, state) where goal_id is not null;
create index message_contact on message (contact_id);
-- Few rows: a redaction blanks them, and reads no others.
create index message_test on message (organization_id) where kind = 'test';
create index message_job on message (send_job_id) where state in ('queued', 'sending', 'unknown');
-- Held messages of a group that wait for their time, the first first: a look at some of them must
-- not read all of them.
create index message_held on message (group_id, held_until, id) where state = 'held' and lane is null;
-- Held messages of a goal that resumes.
create index message_paused on message (goal_id, id) where state = 'held' and reason = 'paused';
-- Held messages in the order in which a lane lets them go.
create index message_lane on message (organization_id, lane, lane_goal(kind, goal_id), id) where state = 'held' and lane is not null;
-- Held messages in the order in which a refund or a change of the cap lets them go.
create index message_held_cap on message (organization_id, id) where state = 'held' and reason = 'cap';
select ensure_partitions('message', 2);

-- The history of each message, in order: a row for every change of its state, its reason, its
-- instant or its error. Triggers write it, whichever statement changes messages: no statement can
-- change a message and leave no trace. Append-only.
create table message_event (
    id uuid not null default uuid_v7() primary key,
    organization_id uuid not null,
    message_id uuid not null,
    contact_id uuid not null,
    goal_id uuid,
    kind text not null,
    state text not null,
    reason text,
    held_until timestamptz,
    error_code int,
    at timestamptz not null default clock_timestamp()
) partition by range (id);
create table message_event_default partition of message_event default;
create index message_event_contact on message_event (contact_id, id);
create trigger message_event_stays before update or delete on message_event
    for each row execute function refuse_change();
create trigger message_event_is_kept before truncate on message_event for each statement execute function refuse_change();
create trigger message_event_is_kept before truncate on message_event_default for each statement execute function refuse_change();
select ensure_partitions('message_event', 2);

-- Without nested loops: a plan that was made for a change of one message is kept for changes of
-- thousands, and must not compare each with each.
create function record_message_events() returns trigger language plpgsql set enable_nestloop = off as $$
begin
    if tg_op = 'INSERT' then
        insert into message_event (organization_id, message_id, contact_id, goal_id, kind, state, reason, held_until, error_code)
        select organization_id, id, contact_id, goal_id, kind, state, reason, held_until, error_code from new_rows;
    else
        insert into message_event (organization_id, message_id, contact_id, goal_id, kind, state, reason, held_until, error_code)
        select n.organization_id, n.id, n.contact_id, n.goal_id, n.kind, n.state, n.reason, n.held_until, n.error_code
        from new_rows n join old_rows o on o.id = n.id
        where (n.state, n.reason, n.held_until, n.error_code) is distinct from (o.state, o.reason, o.held_until, o.error_code);
    end if;
    return null;
end
$$;
create trigger message_made after insert on message
    referencing new table as new_rows for each statement execute function record_message_events();
create trigger message_changed after update on message
    referencing old table as old_rows new table as new_rows for each statement execute function record_message_events();

-- Messaged --------------------------------------------------------------------

-- Is a contact messaged? When the text was handed to the carrier (rule T1). A hand-over without an
-- outcome may have reached it, and counts (rule S2).
create function is_messaged(state text) returns boolean language sql immutable parallel safe as $$
    select state in ('sending', 'unknown', 'sent', 'delivered', 'undelivered', 'failed')
$$;

-- Was a target's text handed over? One with a row that is gone was.
create function was_messaged(message_id uuid) returns boolean language sql stable as $$
    select message_id is not null and not exists (
        select from message m where m.id = message_id and not is_messaged(m.state))
$$;

-- Did a hand-over of this message ever have no outcome?
create function was_unknown(in_contact uuid, in_message uuid) returns boolean language sql stable as $$
    select exists (select from message_event e where e.contact_id = in_contact and e.message_id = in_message and e.state = 'unknown')
$$;

-- Receipts --------------------------------------------------------------------

-- Delivery receipts of the carrier, until a job has applied them.
create table receipt (
    id uuid primary key default uuid_v7(),
    shard smallint not null,
    message_id uuid not null,
    carrier_sid text not null,
    status text not null check (status in ('sent', 'delivered', 'undelivered', 'failed')),
    error_code int,
    received_at timestamptz not null default now()
);
create index receipt_shard on receipt (shard, id);

insert into schedule (name, cron, zone, kind, payload, jitter_seconds) values
    ('reconcile', '*/10 * * * *', 'UTC', 'upkeep', '{"task": "reconcile"}', 60);
