-- Sample rows of the goals: one that runs with reminders, and one with the least.

insert into campaign (id, organization_id, name, created_by)
values ('0195f000-0000-7000-8000-000000000321', '0195f000-0000-7000-8000-0000000000a1', 'Primary', '0195f000-0000-7000-8000-000000000013');
insert into goal (id, organization_id, group_id, campaign_id, name, description, goal_type, date_local, strategy, instructions, targeting, script,
    reminder_script, responses, zone, opens_local, closes_local, opens_at, closes_at, reminder_opens_local, reminder_closes_local, reminder_opens_at,
    reminder_closes_at, fixed_times, zone_rules, release_plan, launched_at, partitioned_at, paused_at, created_by)
values ('0195f000-0000-7000-8000-000000000301', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000101',
    '0195f000-0000-7000-8000-000000000321', 'Vote', 'Get out the vote', 'event', '2026-11-03T19:00', 'assigned', 'Be kind', '{"tags_any": ["runner"]}',
    'Hi {{first_name}}, will you vote? Reply STOP to quit', 'See you at 7', '[{"name": "Yes", "script": "Thank you!"}]', 'America/New_York', '2026-10-26T09:00', '2026-11-03T21:00',
    '2026-10-26T13:00Z', '2026-11-04T02:00Z', '2026-11-03T09:00', '2026-11-03T18:00', '2026-11-03T14:00Z', '2026-11-03T23:00Z', '{closes}', '2026a',
    '{"pace": {"every": {"batches": 2, "minutes": 30}}, "paced_to_caps": true}', '2026-10-25T12:00Z', '2026-10-25T12:01Z', '2026-10-27T12:00Z',
    '0195f000-0000-7000-8000-000000000013');
insert into goal (id, organization_id, group_id, name, goal_type, date_local, strategy, script, zone, opens_local, closes_local, opens_at, closes_at,
    release_plan, created_by)
values ('0195f000-0000-7000-8000-000000000302', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000101', 'Draft', 'survey',
    '2026-12-03T19:00', 'anyone', 'Hi. Reply STOP to quit', 'America/New_York', '2026-12-01T09:00', '2026-12-03T21:00', '2026-12-01T14:00Z',
    '2026-12-04T02:00Z', '{"pace": "all_at_open", "paced_to_caps": false}', '0195f000-0000-7000-8000-000000000013');
insert into library_script (id, organization_id, kind, name, script, version, archived_at, created_by) values
    ('0195f000-0000-7000-8000-000000000331', '0195f000-0000-7000-8000-0000000000a1', 'response', 'Thanks', 'Thank you, {{first_name|friend}}!', 2, now(),
        '0195f000-0000-7000-8000-000000000013');
insert into agent_script (id, member_id, name, script, version) values
    ('0195f000-0000-7000-8000-000000000332', '0195f000-0000-7000-8000-000000000012', 'Bye', 'Bye for now', 1);
insert into batch (id, goal_id, kind, number, assigned_agent_id, state, estimated_segments, leased_to, lease_token, lease_expires_at) values
    ('0195f000-0000-7000-8000-000000000311', '0195f000-0000-7000-8000-000000000301', 'initial', 1, '0195f000-0000-7000-8000-000000000012', 'leased', 100,
        '0195f000-0000-7000-8000-000000000012', 2, now()),
    ('0195f000-0000-7000-8000-000000000312', '0195f000-0000-7000-8000-000000000301', 'initial', 2, null, 'held', 0, null, 0, null),
    ('0195f000-0000-7000-8000-000000000313', '0195f000-0000-7000-8000-000000000301', 'reminder', 1, null, 'released', 1, null, 0, null);
insert into goal_estimate (goal_id, segments_each, release_waits_for) values ('0195f000-0000-7000-8000-000000000301', 1, 'pace');
insert into target (goal_id, contact_id, position, batch_id, initial_message_id, skipped_at, skip_reason, replied_at, answer, answered_at,
    reminder_batch_id, reminder_message_id, opted_out_at)
values
    ('0195f000-0000-7000-8000-000000000301', '0195f000-0000-7000-8000-000000000201', 1, '0195f000-0000-7000-8000-000000000311',
        '0195f000-0000-7000-8000-000000000401', null, null, now(), 'yes', now(), '0195f000-0000-7000-8000-000000000313',
        '0195f000-0000-7000-8000-000000000402', null),
    ('0195f000-0000-7000-8000-000000000301', '0195f000-0000-7000-8000-000000000203', 2, null, null, now(), 'opted_out', null, null, null, null, null, now());
