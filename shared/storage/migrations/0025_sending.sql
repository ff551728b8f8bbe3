-- What an organization says of its texts: look-alikes are replaced before counting (rule M5), and replies go at any hour (rule S5).
alter table organization
    add column smart_encoding boolean not null default false,
    add column replies_at_any_hour boolean not null default true;

-- Texts that are marked for the carrier and not called for yet are kept back when their contact may not have them any more (rule S9): workers
-- hear of it here. Who writes what, and in which transaction, does not matter.
create function tell_contact_stops() returns trigger language plpgsql as $$
begin
    perform pg_notify('muster_stops', new.id::text);
    return null;
end
$$;
create trigger contact_stops after update of opted_out_at, redacted_at, line_type on contact for each row
    when ((old.opted_out_at is null and new.opted_out_at is not null) or (old.redacted_at is null and new.redacted_at is not null)
          or (old.line_type <> 'landline' and new.line_type = 'landline'))
    execute function tell_contact_stops();
create function tell_membership_stops() returns trigger language plpgsql as $$
begin
    perform pg_notify('muster_stops', new.contact_id::text);
    return null;
end
$$;
create trigger membership_stops after update of deactivated_at, assigned_agent_id on membership for each row
    when ((old.deactivated_at is null and new.deactivated_at is not null)
          or (old.assigned_agent_id is not null and new.assigned_agent_id is distinct from old.assigned_agent_id))
    execute function tell_membership_stops();
