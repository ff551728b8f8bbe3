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
    -- When the claim began: it can be extended to two response windows from then on. Of no meaning
    -- without a claim.
    held_since timestamptz,
    -- The goal and the agent from the end of the claim on: a goal's text into a conversation that
    -- an agent holds changes nothing there before (rule W3).
    next_goal_id uuid references goal,
    next_agent_id uuid references member,
    unread_since timestamptz,
    last_message_at timestamptz not null default now(),
    -- Its place in lists by recency: an id of the instant of its last text. Cursors are made of it.
    recency uuid not null default uuid_v7(),
    unique (group_id, contact_id),
    constraint thread_claim_has_end check ((held_by is null) = (held_until is null))
);
create index thread_unread on thread (group_id, unread_since) where unread_since is not null;
create index thread_contact on thread (contact_id);
create index thread_sender on thread (sender_e164, contact_id);
-- Lists by recency (rules W7 and W9): of an organization, a group, the agent that texted last.
create index thread_recent on thread (organization_id, recency);
create index thread_recent_of_group on thread (group_id, recency);
create index thread_recent_of_agent on thread (agent_id, recency) where agent_id is not null;
create index thread_next_agent on thread (next_agent_id) where next_agent_id is not null;
-- The claims of an agent, by their ends.
create index thread_held on thread (held_by, held_until) where held_by is not null;

-- Opt-outs that agents have recorded and that nothing has changed since, with all that an undo
-- restores (rules R2, W9 and I3a). Ids, numbers and instants alone.
create table agent_opt_out (
    contact_id uuid primary key references contact,
    thread_id uuid not null references thread,
    agent_id uuid not null references member,
    at timestamptz not null,
    -- The number of its word, and of the word that the contact stood by before.
    word bigint not null,
    word_before bigint,
    -- Texts of the contact until then.
    texts_before bigint not null,
    -- The goal in which it is a result that was none before.
    goal_id uuid references goal,
    -- The reason's tag, where the contact had it not before.
    tag_id uuid,
    -- The contact's conversations that waited for an answer, and since when.
    unread_threads uuid[] not null,
    unread_since timestamptz[] not null,
    -- The claim that the agent gave up with it.
    held_since timestamptz,
    held_until timestamptz
);

-- Anybody's word after it ends its undo, also one that changes nothing about the contact.
create function end_agent_opt_out() returns trigger language plpgsql as $$
begin
    delete from agent_opt_out where contact_id = new.id;
    return null;
end
$$;
create trigger contact_said_again after update of opted_out_at, redacted_at on contact for each row
    when (old.opted_out_at is not null)
    execute function end_agent_opt_out();

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
-- Texts of a number that nobody has dealt with, for a redaction.
create index webhook_of_number on webhook (right(digits_of(payload ->> 'From'), 10)) where payload is not null;
create index webhook_outcome on webhook (received_at) where outcome <> 'conversation';

-- Keyword automations (rule I4): the effects of a contact's text beside its place in the
-- conversation.
create table automation (
    id uuid primary key,
    organization_id uuid not null references organization,
    -- The group that the text was sent to; null: any.
    group_id uuid references contact_group,
    -- The goal that the text replies to; null: any.
    in_reply_to uuid references goal,
    name text not null,
    -- They are looked at in this order.
    position int not null,
    active boolean not null,
    keywords text[] not null,
    matching text not null check (matching in ('exact', 'contains')),
    -- `domain::conversations::automation::AutomationAction`s.
    actions jsonb not null,
    version int not null default 1,
    created_by uuid not null references member,
    created_at timestamptz not null default now(),
    unique (organization_id, name)
);

-- Runs of automations, for explanations, and so that none answers a contact again too soon. Words
-- and ids alone, nothing of the text.
create table automation_run (
    id uuid primary key default uuid_v7(),
    -- No reference: runs stay when the automation is deleted.
    automation_id uuid not null,
    organization_id uuid not null references organization,
    contact_id uuid not null references contact,
    -- The contact's text.
    message_id uuid not null,
    answered boolean not null,
    -- Words of the actions and of their outcomes.
    outcomes jsonb not null,
    at timestamptz not null default clock_timestamp(),
    unique (message_id, automation_id)
);
create index automation_run_contact on automation_run (contact_id, id);
