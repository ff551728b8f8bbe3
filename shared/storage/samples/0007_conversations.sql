-- Sample rows of the conversations: one that an agent holds, one that is quiet, and texts that came
-- in.

insert into thread (id, organization_id, group_id, contact_id, sender_e164, goal_id, agent_id, held_by, held_until, held_since, next_goal_id, next_agent_id, unread_since)
values
    ('0195f000-0000-7000-8000-000000000501', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000101',
        '0195f000-0000-7000-8000-000000000201', '+16465550100', '0195f000-0000-7000-8000-000000000301', '0195f000-0000-7000-8000-000000000012',
        '0195f000-0000-7000-8000-000000000012', now(), now() - interval '1 hour', '0195f000-0000-7000-8000-000000000302', '0195f000-0000-7000-8000-000000000012', now()),
    ('0195f000-0000-7000-8000-000000000502', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000101',
        '0195f000-0000-7000-8000-000000000202', '+16465550101', null, null, null, null, null, null, null, null);
insert into webhook (id, provider, carrier_sid, payload, processed_at, outcome) values
    (uuid_v7(), 'twilio', 'SM2', '{"From": "+16465550001", "To": "+16465550100", "Body": "Yes"}', null, null),
    (uuid_v7(), 'twilio', 'SM3', null, now(), 'number_of_nobody');
insert into agent_opt_out (contact_id, thread_id, agent_id, at, word, word_before, texts_before, goal_id, tag_id, unread_threads, unread_since, held_since, held_until) values
    ('0195f000-0000-7000-8000-000000000202', '0195f000-0000-7000-8000-000000000502', '0195f000-0000-7000-8000-000000000012', now(), 2, 1, 1,
        '0195f000-0000-7000-8000-000000000301', '0195f000-0000-7000-8000-000000000221', '{0195f000-0000-7000-8000-000000000502}', array[now()], now(), now() + interval '1 hour');
insert into automation (id, organization_id, group_id, in_reply_to, name, position, active, keywords, matching, actions, created_by) values
    ('0195f000-0000-7000-8000-000000000511', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000101',
        '0195f000-0000-7000-8000-000000000301', 'Join', 1, true, '{join}', 'exact', '[{"kind": "add_tag", "tag": "runners"}]',
        '0195f000-0000-7000-8000-000000000011');
insert into automation_run (automation_id, organization_id, contact_id, message_id, answered, outcomes) values
    ('0195f000-0000-7000-8000-000000000511', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000201', uuid_v7(), false,
        '[{"action": "add_tag", "outcome": "changed"}]');
