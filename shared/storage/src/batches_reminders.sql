-- $1 goal, $2 batch size, $3 estimated segments of one reminder. Everybody who said yes, was texted and has no reminder batch goes
-- into a new released one, in the order in which they were targeted.
with waiting as (
    select t.contact_id, (row_number() over (order by t.position) - 1) / $2 as part
    from target t join contact c on c.id = t.contact_id
    where t.goal_id = $1 and t.answer = 'yes' and t.reminder_batch_id is null and t.initial_message_id is not null
      and t.skipped_at is null and c.opted_out_at is null and c.redacted_at is null
), parts as (
    select part, uuid_v7() as id, count(*) as contacts from waiting group by part
), made as (
    insert into batch (id, goal_id, kind, number, state, estimated_segments)
    select id, $1, 'reminder',
        part + 1 + coalesce((select max(number) from batch where goal_id = $1 and kind = 'reminder'), 0),
        'released', contacts * $3
    from parts
    returning id
), placed as (
    update target t set reminder_batch_id = p.id
    from waiting w join parts p on p.part = w.part
    where t.goal_id = $1 and t.contact_id = w.contact_id
)
select count(*) as "batches!" from made
