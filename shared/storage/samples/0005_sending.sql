-- Sample rows of the sending: a capped brand, and messages that are sent, held, cancelled and
-- received.

insert into brand_cap (brand_id, carrier, daily_segments) values ('0195f000-0000-7000-8000-0000000000b1', 'tmobile', 2000);
insert into cap_ledger (brand_id, carrier, day, daily_limit, reserved, settled)
values ('0195f000-0000-7000-8000-0000000000b1', 'tmobile', current_date, 2000, 1, 2);
insert into brand_rate (brand_id, carrier, segments_per_minute) values ('0195f000-0000-7000-8000-0000000000b1', 'att', 240);
insert into brand_hold (brand_id, reason, until, code) values
    ('0195f000-0000-7000-8000-0000000000b1', 'cap', now() + interval '1 hour', 30027),
    ('0195f000-0000-7000-8000-0000000000b2', 'carrier', null, 30002);
insert into rate_lane (key, brand_id, segments_per_minute, waiting_segments)
values ('number:+16465550100', '0195f000-0000-7000-8000-0000000000b1', 60, 1);

insert into message (id, organization_id, group_id, goal_id, contact_id, thread_id, agent_id, kind, state, body, encoding, segments, rate_slot,
    send_job_id, send_epoch, handed_over_at, send_attempts, cap_carrier, cap_day, cap_state, carrier_sid, error_code, sent_at, delivered_at, traceparent)
values ('0195f000-0000-7000-8000-000000000401', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000101',
    '0195f000-0000-7000-8000-000000000301', '0195f000-0000-7000-8000-000000000201', '0195f000-0000-7000-8000-000000000501',
    '0195f000-0000-7000-8000-000000000012', 'initial', 'delivered', 'Hi Emmy, will you vote? Reply STOP to quit', 'GSM-7', 1, now(),
    '0195f000-0000-7000-8000-000000000409', 2, now(), 1, 'tmobile', current_date, 'settled', 'SM1', 30007, now(), now(),
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
insert into message (id, organization_id, group_id, goal_id, contact_id, thread_id, kind, state, body, encoding, segments, media, channel, reason, held_until, lane)
values
    (uuid_v7(), '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000101', '0195f000-0000-7000-8000-000000000301',
        '0195f000-0000-7000-8000-000000000201', '0195f000-0000-7000-8000-000000000501', 'reminder', 'held', 'See you at 7', 'GSM-7', 1,
        null, null, 'rate', now() + interval '1 minute', 'number:+16465550100'),
    (uuid_v7(), '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000101', null,
        '0195f000-0000-7000-8000-000000000201', '0195f000-0000-7000-8000-000000000501', 'inbound', 'received', 'Yes 👍', 'UCS-2', 1,
        '[{"content_type": "image/jpeg", "url": "https://example.org/1"}]', 'whatsapp', null, null, null),
    -- Of no month that has a partition.
    ('01000000-0000-7000-8000-000000000001', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000101', null,
        '0195f000-0000-7000-8000-000000000202', '0195f000-0000-7000-8000-000000000502', 'reply', 'queued', 'Thank you', 'GSM-7', 1,
        null, null, null, null, null);
-- The triggers write the history of these.
update message set state = 'cancelled', reason = 'opted_out' where id = '01000000-0000-7000-8000-000000000001';
update message set error_code = null where id = '0195f000-0000-7000-8000-000000000401';
update message set error_code = 30007 where id = '0195f000-0000-7000-8000-000000000401';

insert into receipt (shard, message_id, carrier_sid, status, error_code)
values (0, '0195f000-0000-7000-8000-000000000401', 'SM1', 'undelivered', 30007), (1, '0195f000-0000-7000-8000-000000000401', 'SM1', 'sent', null);
