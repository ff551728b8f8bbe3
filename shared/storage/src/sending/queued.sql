-- $1 messages, $2 initials that a contact may have in 24 hours (null: no such cap), $3 days for
-- which a lookup counts. The messages with everything that may forbid them; the rows are locked
-- before (see lock_queued).
select m.id, m.contact_id, m.group_id, m.goal_id, m.kind, m.body, m.segments, m.send_attempts, m.traceparent,
    c.e164, c.postal_code, t.sender_e164, gr.zone,
    -- Rule S4: the number's registered campaign has a pace of its own.
    (select n.registered_campaign_id from sender_number n where n.e164 = t.sender_e164 and n.organization_id = m.organization_id)
        as registered_campaign_id,
    -- Rule S10: numbers move from one carrier to another.
    case when c.looked_up_at is null or c.looked_up_at > now() - make_interval(days => $3) then c.carrier end as carrier,
    -- A contact that an import made while the redaction was asked for is redacted by its job.
    c.redacted_at is not null or exists (
        select from redaction d where d.e164 = c.e164 and d.finished_at is null and d.account_id = o.account_id) as "redacted!",
    -- Rule I3: while an account catches up with opt-outs that it did not share before, a sister
    -- organization's counts too.
    c.opted_out_at is not null or (a.opt_outs_catching_up and exists (
        select from organization so join contact sc on sc.organization_id = so.id
        where so.account_id = o.account_id and sc.e164 = c.e164 and sc.opted_out_at is not null)) as "opted_out!",
    not is_textable(c.line_type) as "not_textable!",
    coalesce(mb.deactivated_at is not null, false) as "deactivated!",
    -- Rule S5: a text in a conversation in which the contact has never written answers nobody.
    (m.kind = 'reply' and not exists (select from message i where i.thread_id = m.thread_id and i.kind = 'inbound')) as "unasked!",
    mb.contact_id is null as "not_in_group!",
    -- Rules W4 and A6: the contact is another agent's, or the agent of a goal's text texts here no
    -- more. The same as `texts_in`, which would be planned anew for each of these statements.
    coalesce(g.strategy = 'assigned' and mb.assigned_agent_id is distinct from m.agent_id, false)
        or (g.id is not null and m.kind in ('initial', 'reminder') and m.agent_id is not null and not exists (
            select from group_member ga join member ag on ag.id = ga.member_id
            where ga.group_id = m.group_id and ga.member_id = m.agent_id and ag.suspended_at is null)) as "reassigned!",
    -- Rule W6: only a contact with a yes is reminded.
    (m.kind = 'reminder' and tg.answer is distinct from 'yes') as "no_longer_yes!",
    coalesce(m.rate_slot > clock_timestamp() - interval '15 seconds', false) as "has_slot!",
    -- Rule S12: there is room again when the one that is now so many back leaves the 24 hours.
    case when $2::int is not null and m.kind = 'initial' then (
        select other.handed_over_at + interval '24 hours' from message other
        where other.contact_id = m.contact_id and other.kind = 'initial' and other.id <> m.id
          and other.state in ('sending', 'unknown', 'sent', 'delivered', 'undelivered')
          and other.handed_over_at > clock_timestamp() - interval '24 hours'
        order by other.handed_over_at desc offset $2 - 1 limit 1) end as frequent_until,
    coalesce(g.paused_at is not null, false) as "paused!",
    g.opens_at as "opens_at?", g.closes_at as "closes_at?",
    g.reminder_opens_at as "reminder_opens_at?", g.reminder_closes_at as "reminder_closes_at?"
from message m
join contact c on c.id = m.contact_id
join thread t on t.id = m.thread_id
join contact_group gr on gr.id = m.group_id
join organization o on o.id = m.organization_id
join account a on a.id = o.account_id
left join membership mb on mb.group_id = m.group_id and mb.contact_id = m.contact_id
left join goal g on g.id = m.goal_id
left join target tg on tg.goal_id = m.goal_id and tg.contact_id = m.contact_id
where m.id = any($1)
order by m.id
