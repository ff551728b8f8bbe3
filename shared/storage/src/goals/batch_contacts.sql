-- $1 goal, $2 group, $3 batch, $4 assigned?, $5 agent, $6 reminders?, $7 contacts that a request
-- names (null: all). The batch's contacts that are neither texted nor skipped, named ones and those
-- that this agent may not text.
select c.id, c.first_name, c.last_name, c.email, c.postal_code, c.external_id, c.fields, m.knows,
       c.redacted_at is not null as "redacted!", c.opted_out_at is not null as "opted_out!",
       m.deactivated_at is not null as "deactivated!", not is_textable(c.line_type) as "not_textable!",
       ($4 and m.assigned_agent_id is distinct from $5) as "another_agents!"
from target t
join contact c on c.id = t.contact_id
join membership m on m.group_id = $2 and m.contact_id = c.id
where t.goal_id = $1
  and (($6 and t.reminder_batch_id = $3 and t.reminder_message_id is null)
    or (not $6 and t.batch_id = $3 and t.initial_message_id is null))
  and t.skipped_at is null
  and ($7::uuid[] is null or c.id = any($7) or c.redacted_at is not null or c.opted_out_at is not null
    or m.deactivated_at is not null or not is_textable(c.line_type)
    or ($4 and m.assigned_agent_id is distinct from $5))
order by t.position for key share of c
