-- Conversations: threads, and the carrier's webhooks of inbound texts (rules W1 to W9, I1 to I5).

-- One conversation of a contact in a group.
create table thread (
    id uuid primary key,
    organization_id uuid not null references organization,
    group_id uuid not null references contact_group,
    contact_id uuid not null references contact,
    -- The number that the contact was first texted from (rule A3). No reference: conversations keep
    -- it, also when another account owns it by now.
    sender_e164 text not null,
    -- The goal that last texted the contact here.
    goal_id uuid references goal,
    -- The agent that texted last, and the claim of the agent that answers now (rule W3).
    agent_id uuid references member,
    held_by uuid references member,
    held_until timestamptz,
    -- The goal and the agent from the end of the claim on: a goal's text into a conversation that
    -- an agent holds changes nothing there before (rule W3).
    next_goal_id uuid references goal,
    next_agent_id uuid references member,
    unread_since timestamptz,
    last_message_at timestamptz not null default now(),
    unique (group_id, contact_id),
    constraint thread_claim_has_end check ((held_by is null) = (held_until is null))
);
create index thread_unread on thread (group_id, unread_since) where unread_since is not null;
create index thread_contact on thread (contact_id);
create index thread_sender on thread (sender_e164, contact_id);

-- Inbound texts as the carrier tells them, until a job has handled them (rule I1).
create table webhook (
    id uuid primary key,
    provider text not null,
    -- The carrier's id of an inbound message.
    carrier_sid text not null,
    payload jsonb,
    -- The number of the contact's word (rule I3a), taken in the api's transaction.
    receive_order bigint not null default nextval('receive_order'),
    received_at timestamptz not null default now(),
    processed_at timestamptz,
    -- `conversation`, or why the text is in none.
    outcome text
        check (outcome in (
            'conversation', 'number_of_nobody', 'from_short_code', 'from_name',
            'from_foreign_number', 'from_nobody')),
    unique (provider, carrier_sid)
);
create index webhook_outcome on webhook (received_at) where outcome <> 'conversation';
