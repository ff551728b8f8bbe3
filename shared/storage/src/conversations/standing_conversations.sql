-- $1 organizations, $2 groups, $3 agents of the numbers that were written to, $4 numbers of
-- writers, one of each for a text. Finds and locks the conversations that stand: the contact is
-- known and active in the group, its thread has a number that is the organization's still, an
-- agent, and no goal that waits for the end of a claim (rule W3), nobody asked for the redaction of
-- the number (rule R3), and no automation looks at the text (rule I4).
select w.nth as "nth!", c.id as contact_id, c.opted_out_at is not null as "opted_out!", c.last_word,
    t.id as thread_id, t.goal_id
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) with ordinality
    as w (organization_id, group_id, agent_id, e164, nth)
join contact c on c.organization_id = w.organization_id and c.e164 = w.e164
join membership m on m.group_id = w.group_id and m.contact_id = c.id and m.deactivated_at is null
join thread t on t.group_id = w.group_id and t.contact_id = c.id
where t.next_goal_id is null and t.next_agent_id is null and (t.agent_id is not null or w.agent_id is null)
  and exists (select from sender_number n where n.e164 = t.sender_e164 and n.organization_id = w.organization_id)
  and not exists (
      select from redaction r join organization o on o.account_id = r.account_id
      where r.finished_at is null and r.e164 = w.e164 and o.id = w.organization_id)
  and not exists (
      select from automation a
      where a.organization_id = w.organization_id and a.active and (a.group_id is null or a.group_id = w.group_id))
order by c.id for update of c, m, t
