-- Stops: texts that are marked for the carrier and not called for yet are kept back when anything
-- that was decided about them changes for the worse (rule S9). Workers hear of it on the channel
-- `muster_stops`, by the id of a contact, a goal, an organization or a brand.
--
-- The triggers stand together, over tables of several chapters, so that one look shows all that
-- stops a text. They fire for every statement and every transaction.

create function tell_stop() returns trigger language plpgsql as $$
begin
    perform pg_notify('muster_stops', case tg_argv[0]
        when 'id' then to_jsonb(new) ->> 'id'
        when 'brand_id' then to_jsonb(new) ->> 'brand_id'
        else to_jsonb(new) ->> 'contact_id' end);
    return null;
end
$$;

-- The same for contacts and memberships, with many and wide rows: without a document of each row.
create function tell_contact_stops() returns trigger language plpgsql as $$
begin
    perform pg_notify('muster_stops', new.id::text);
    return null;
end
$$;
create function tell_membership_stops() returns trigger language plpgsql as $$
begin
    perform pg_notify('muster_stops', new.contact_id::text);
    return null;
end
$$;

-- Rules I3, R3 and S7: a contact that opts out, is redacted, or turns out to take no texts.
create trigger contact_stops after update of opted_out_at, redacted_at, line_type on contact for each row
    when ((old.opted_out_at is null and new.opted_out_at is not null) or (old.redacted_at is null and new.redacted_at is not null)
          or (is_textable(old.line_type) and not is_textable(new.line_type)))
    execute function tell_contact_stops();

-- Rules T2 and W4: a contact that is deactivated in a group, or gets another agent.
create trigger membership_stops after update of deactivated_at, assigned_agent_id on membership for each row
    when ((old.deactivated_at is null and new.deactivated_at is not null)
          or (old.assigned_agent_id is not null and new.assigned_agent_id is distinct from old.assigned_agent_id))
    execute function tell_membership_stops();

-- Rule C16: a contact that is taken out of a group, where texts may be on their way. Of one without
-- a conversation there are none.
create function tell_membership_ends() returns trigger language plpgsql as $$
begin
    perform pg_notify('muster_stops', g.contact_id::text) from gone g
    where exists (select from thread t where t.group_id = g.group_id and t.contact_id = g.contact_id);
    return null;
end
$$;
create trigger membership_ends after delete on membership referencing old table as gone for each statement
    execute function tell_membership_ends();

-- Rules G4 and G7: a goal that is paused, closed, or has windows that open later or end sooner.
create trigger goal_stops after update of paused_at, opens_at, closes_at, reminder_opens_at, reminder_closes_at on goal for each row
    when ((old.paused_at is null and new.paused_at is not null) or new.opens_at > old.opens_at or new.closes_at < old.closes_at
          or new.reminder_opens_at > old.reminder_opens_at or new.reminder_closes_at < old.reminder_closes_at)
    execute function tell_stop('id');

-- Rule W6: a yes that is none any more.
create trigger answer_changes after update of answer on target for each row
    when (old.answer = 'yes' and new.answer is distinct from 'yes') execute function tell_stop('contact_id');

-- Rules S5, S9, S10 and S12: an organization's terms. Any setting may be one. A text in hand is
-- decided again, which changes nothing where the setting is none.
create trigger organization_stops after update of settings on organization for each row
    when (old.settings is distinct from new.settings) execute function tell_stop('id');

-- Rule I3: an account with organizations that hear each other's opt-outs from now on.
create function tell_account_stops() returns trigger language plpgsql as $$
begin
    perform pg_notify('muster_stops', o.id::text) from organization o where o.account_id = new.id;
    return null;
end
$$;
create trigger account_shares_opt_outs after update of opt_outs_shared_since on account for each row
    when (old.opt_outs_shared_since is null and new.opt_outs_shared_since is not null)
    execute function tell_account_stops();

-- Rule S3: a cap that is new or lower.
create trigger cap_is_made after insert on brand_cap for each row execute function tell_stop('brand_id');
create trigger cap_falls after update of daily_segments on brand_cap for each row
    when (new.daily_segments < old.daily_segments) execute function tell_stop('brand_id');

-- Rule S7: a carrier's hold.
create trigger brand_is_held after insert or update on brand_hold for each row execute function tell_stop('brand_id');
