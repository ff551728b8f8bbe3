-- Campaigns, goals, targets, batches, threads and messages.

create table campaign (
    id uuid primary key,
    organization_id uuid not null references organization,
    name text not null,
    created_by uuid not null references member,
    created_at timestamptz not null default now()
);

create table goal (
    id uuid primary key,
    organization_id uuid not null references organization,
    group_id uuid not null references contact_group,
    campaign_id uuid references campaign,
    name text not null,
    description text not null default '',
    goal_type text not null,
    -- The event's or shift's start, or the target date, as wall-clock time in the zone.
    date_local timestamp not null,
    strategy text not null check (strategy in ('anyone', 'assigned')),
    instructions text not null default '' check (char_length(instructions) <= 300),
    targeting jsonb not null default '{}',
    script text not null,
    reminder_script text,
    -- Local intents, their zone, and the instants that they resolve to (rule G11).
    zone text not null,
    opens_local timestamp not null,
    closes_local timestamp not null,
    opens_at timestamptz not null,
    closes_at timestamptz not null,
    reminder_opens_at timestamptz,
    reminder_closes_at timestamptz,
    release_plan jsonb not null,
    launched_at timestamptz,
    partitioned_at timestamptz,
    paused_at timestamptz,
    version int not null default 1,
    created_by uuid not null references member,
    created_at timestamptz not null default now(),
    check (opens_at < closes_at),
    check (closes_at - opens_at <= interval '31 days'),
    check ((reminder_script is null) = (reminder_opens_at is null)),
    check ((reminder_opens_at is null) = (reminder_closes_at is null)),
    check (reminder_opens_at < reminder_closes_at)
);
create index goal_group on goal (group_id, id);
create index goal_campaign on goal (campaign_id) where campaign_id is not null;

create table batch (
    id uuid primary key,
    goal_id uuid not null references goal,
    kind text not null check (kind in ('initial', 'reminder')),
    number int not null,
    -- For goals with assigned agents: the only agent who may claim it.
    assigned_agent_id uuid references member,
    state text not null check (state in ('held', 'released', 'leased', 'finished')),
    estimated_segments bigint not null default 0,
    leased_to uuid references member,
    -- Fencing token: bumped by every claim, compared by every write under the lease (rule B3).
    lease_token bigint not null default 0,
    lease_expires_at timestamptz,
    created_at timestamptz not null default now(),
    unique (goal_id, kind, number),
    check ((state = 'leased') = (leased_to is not null)),
    check ((state = 'leased') = (lease_expires_at is not null))
);
create index batch_available on batch (goal_id, kind, number) where state = 'released';
-- Rule B4: one initial batch for each goal and agent at a time.
create unique index batch_one_each on batch (goal_id, leased_to) where state = 'leased' and kind = 'initial';

-- A goal's frozen targets (rule T3) and what became of each of them.
create table target (
    goal_id uuid not null references goal,
    contact_id uuid not null references contact,
    position int not null,
    batch_id uuid references batch,
    -- Rule B7: at most one initial for each contact and goal, whatever crashes: set once, in the row that says who is targeted.
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
create index target_yes on target (goal_id) where answer = 'yes' and reminder_batch_id is null;

create table thread (
    id uuid primary key,
    organization_id uuid not null references organization,
    group_id uuid not null references contact_group,
    contact_id uuid not null references contact,
    -- The number the contact was first texted from (rule A3).
    sender_e164 text not null references sender_number,
    -- The goal that last texted the contact here.
    goal_id uuid references goal,
    -- The agent who texted last, and the claim of whoever answers now (rule W3).
    agent_id uuid references member,
    held_by uuid references member,
    held_until timestamptz,
    unread_since timestamptz,
    last_message_at timestamptz not null default now(),
    unique (group_id, contact_id),
    check ((held_by is null) = (held_until is null))
);
create index thread_unread on thread (group_id, unread_since) where unread_since is not null;
create index thread_contact on thread (contact_id);
create index thread_sender on thread (sender_e164, contact_id);

create table message (
    id uuid primary key,
    organization_id uuid not null,
    group_id uuid not null,
    goal_id uuid,
    contact_id uuid not null,
    thread_id uuid not null,
    agent_id uuid,
    kind text not null check (kind in ('initial', 'reminder', 'reply', 'opt_out_confirmation', 'help', 'inbound')),
    state text not null check (state in ('queued', 'held', 'sending', 'unknown', 'sent', 'delivered', 'undelivered', 'failed',
        'cancelled', 'received')),
    body text not null,
    encoding text not null,
    segments int not null,
    -- held: why and until when (null: until something happens); cancelled: why.
    reason text,
    held_until timestamptz,
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
    check (state <> 'held' or reason is not null),
    check (state <> 'cancelled' or reason is not null),
    check ((kind = 'inbound') = (state = 'received'))
) partition by range (id);
create table message_default partition of message default;
select ensure_partitions('message', 2);
create index message_thread on message (thread_id, id);
create index message_goal on message (goal_id, state) where goal_id is not null;
create index message_contact on message (contact_id);
create index message_held on message (group_id, held_until) where state = 'held';
create index message_job on message (send_job_id) where state in ('queued', 'sending', 'unknown');

-- What carriers told us, as it came, until a job has dealt with it (rule I1).
create table webhook (
    id uuid primary key,
    provider text not null,
    -- The carrier's id of an inbound message.
    carrier_sid text not null,
    payload jsonb,
    received_at timestamptz not null default now(),
    processed_at timestamptz,
    unique (provider, carrier_sid)
);

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
