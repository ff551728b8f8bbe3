-- What happened to each message, in order: a row for every change of its state, its reason, its instant or its error. Written by the
-- statements that change messages, whichever they are: nothing can change a message and leave no trace. Append-only.
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
select ensure_partitions('message_event', 2);
create index message_event_contact on message_event (contact_id, id);

create function record_message_events() returns trigger language plpgsql as $$
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

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name;
end
$$;
create trigger message_event_stays before update or delete on message_event
    for each row execute function refuse_change();
