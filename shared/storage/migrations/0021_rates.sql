-- Rates (rule S4), the carriers that a brand's limits know (rule S10), holds that carriers ask for (rule S7), and the cap on initials
-- across goals (rule S12).

-- Segments a minute of the brand's registered campaign at each carrier that limits it; a carrier without a row does not.
create table brand_rate (
    brand_id uuid not null references brand,
    carrier text not null,
    segments_per_minute bigint not null check (segments_per_minute between 1 and 1000000),
    primary key (brand_id, carrier)
);

-- While it lasts, nothing of the brand is handed over. `until` null: until an admin has looked.
create table brand_hold (
    brand_id uuid primary key references brand,
    reason text not null check (reason in ('cap', 'carrier')),
    until timestamptz,
    -- The carrier's code that asked for it.
    code int not null,
    since timestamptz not null default now()
);

alter table organization
    add column number_segments_per_minute int not null default 60 check (number_segments_per_minute between 1 and 60000),
    add column unknown_carriers text not null default 'strictest' check (unknown_carriers in ('strictest', 'unlimited')),
    -- Null: off.
    add column initials_per_day int check (initials_per_day between 1 and 100);

-- What a limit applies to: 'carrier:BRAND:CARRIER' or 'number:E164'. See domain::rate.
create table rate_lane (
    key text primary key,
    brand_id uuid not null references brand,
    segments_per_minute bigint not null,
    free_at timestamptz not null default 'epoch',
    -- About how many segments wait; 0 only when none do.
    waiting_segments bigint not null default 0 check (waiting_segments >= 0)
) with (fillfactor = 50);
create index rate_lane_brand on rate_lane (brand_id);

-- Among what waits for a lane goals take turns; what is no goal's own (answers in conversations) comes first, under the nil id.
create function lane_goal(kind text, goal_id uuid) returns uuid language sql immutable parallel safe as $$
    select case when kind in ('initial', 'reminder') then goal_id else '00000000-0000-0000-0000-000000000000'::uuid end
$$;

alter table message
    -- The lane that a held message waits for.
    add column lane text,
    -- When it took its time in its lanes.
    add column rate_slot timestamptz;
create index message_lane on message (organization_id, lane, lane_goal(kind, goal_id), id) where state = 'held' and lane is not null;
-- What a lane's refund or a change of the cap lets go, in order.
create index message_held_cap on message (organization_id, id) where state = 'held' and reason = 'cap';
