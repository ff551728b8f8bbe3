-- $1 send job. Its queued messages with everything that may forbid them; the rows are locked before (see lock_queued).
select m.id, m.contact_id, m.group_id, m.kind, m.body, m.segments, m.send_attempts, m.traceparent,
    c.e164, t.sender_e164, gr.zone,
    c.redacted_at is not null as "redacted!",
    c.opted_out_at is not null as "opted_out!",
    c.line_type = 'landline' as "not_textable!",
    coalesce(mb.deactivated_at is not null, false) as "deactivated!",
    coalesce(g.strategy = 'assigned' and mb.assigned_agent_id is distinct from m.agent_id, false) as "reassigned!",
    coalesce(g.paused_at is not null, false) as "paused!",
    g.closes_at as "closes_at?", g.reminder_closes_at as "reminder_closes_at?"
from message m
join contact c on c.id = m.contact_id
join thread t on t.id = m.thread_id
join contact_group gr on gr.id = m.group_id
left join membership mb on mb.group_id = m.group_id and mb.contact_id = m.contact_id
left join goal g on g.id = m.goal_id
where m.send_job_id = $1 and m.state = 'queued'
order by m.id
