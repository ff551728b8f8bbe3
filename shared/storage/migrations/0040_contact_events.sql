-- What happened to people that decides whether they are texted: who opted out and in again, turned out to take no texts, was redacted, was deactivated
-- in a group and active again. Beside the history of messages (0022) it answers why somebody was or was not texted. Written by the statements that
-- change people, whichever they are. Append-only, and without anything personal. Not in partitions: of most people it has no row, and it is kept.
create table contact_event (
    id uuid not null default uuid_v7() primary key,
    organization_id uuid not null,
    contact_id uuid not null,
    -- Of what happened to a membership.
    group_id uuid,
    what text not null
        check (what in ('opted_out', 'opted_in', 'not_textable', 'textable', 'redacted', 'deactivated', 'reactivated')),
    at timestamptz not null default clock_timestamp(),
    check ((group_id is not null) = (what in ('deactivated', 'reactivated')))
);
create index contact_event_contact on contact_event (contact_id, id);

create function record_contact_events() returns trigger language plpgsql as $$
begin
    insert into contact_event (organization_id, contact_id, what)
    select new.organization_id, new.id, what from unnest(array[
        case when old.redacted_at is null and new.redacted_at is not null then 'redacted' end,
        case when new.redacted_at is null and old.opted_out_at is null and new.opted_out_at is not null then 'opted_out' end,
        case when new.redacted_at is null and old.opted_out_at is not null and new.opted_out_at is null then 'opted_in' end,
        case when new.redacted_at is null and is_textable(old.line_type) and not is_textable(new.line_type) then 'not_textable' end,
        case when new.redacted_at is null and is_textable(new.line_type) and not is_textable(old.line_type) then 'textable' end
    ]) as what
    where what is not null;
    return null;
end
$$;
-- An import sets none of these columns.
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

create trigger contact_event_stays before update or delete on contact_event
    for each row execute function refuse_change();
create trigger contact_event_is_kept before truncate on contact_event
    for each statement execute function refuse_change();
