-- $1 receipts as JSON, $2 their messages. Moves each message to the furthest state that its
-- receipts say, never backwards (rule S8): sending and unknown are behind sent, sent is behind the
-- final states. A receipt for one that waits proves that an earlier hand-over came through after
-- all (rule S2); a text that was never handed over has none. The ranks are
-- domain::message::receipt_rank. The messages are named by $2, because a planner that knows nothing
-- of the receipts' number reads whole partitions.
with told as (
    select distinct on (message_id) message_id, carrier_sid, status, error_code,
        case status when 'sent' then 1 else 2 end as rank
    from jsonb_to_recordset(to_jsonb($1::jsonb[])) as r (id uuid, message_id uuid, carrier_sid text, status text, error_code int)
    order by message_id, case status when 'sent' then 1 else 2 end desc, id
), known as (
    select m.id from message m where m.id = any($2) order by m.id for update
)
update message m
set state = told.status,
    reason = null, held_until = null, lane = null,
    carrier_sid = coalesce(m.carrier_sid, told.carrier_sid),
    error_code = coalesce(told.error_code, m.error_code),
    sent_at = coalesce(m.sent_at, clock_timestamp()),
    delivered_at = case when told.status = 'delivered' then clock_timestamp() else m.delivered_at end
from told, known, organization o
where m.id = any($2) and m.id = told.message_id and known.id = m.id and o.id = m.organization_id
  and told.rank > case
      when m.state in ('sending', 'unknown') or (m.state in ('queued', 'held', 'cancelled') and m.send_attempts > 0) then 0
      when m.state = 'sent' then 1
      else 9 end
returning m.id, m.organization_id, o.brand_id, told.status as "status!", told.error_code
