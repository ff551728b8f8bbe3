-- Sample rows of the engine. One row of a table has a value in every column that it can have at
-- once; another has the least.

insert into job (id, kind, organization_id, payload, priority, state, run_at, attempt, max_attempts, epoch, worker, lease_until, unique_key,
    order_key, position, blocked, suspect, traceparent, first_attempt, errors, hand_backs, progress_done, progress_total, progress_note,
    created_at, published_at, claimed_at)
values (uuid_v7(), 'csv-ingestion', '0195f000-0000-7000-8000-0000000000a1', '{"import_id": "0195f000-0000-7000-8000-000000000601", "part": 0}', 5,
    'running', now(), 1, 8, 3, 'worker-1', now() + interval '1 minute', 'import:1', 'import:1', nextval('job_position'), false, true,
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01',
    '[{"attempt": 1, "at": "2026-11-29T12:00:00Z", "worker": "worker-2", "error": "the connection was cut"}]',
    '[{"number": 1, "at": "2026-11-29T12:00:00Z", "worker": "worker-2", "epoch": 1, "why": "shutdown"}]',
    2, 7, 'part 2 of 7', now(), now(), now());
insert into job (id, kind, payload, state, max_attempts, finished_at) values
    (uuid_v7(), 'upkeep', '{"task": "sweep"}', 'succeeded', 3, now()),
    -- Of no month that has a partition.
    ('01000000-0000-7000-8000-000000000001', 'upkeep', '{"task": "partitions"}', 'parked', 3, now());
insert into job (id, kind, payload, max_attempts, order_key, position, blocked)
values (uuid_v7(), 'inbound-message', '{"webhook_id": "0195f000-0000-7000-8000-000000000501"}', 8, '+16465550001', nextval('job_position'), true);

insert into job_unique (unique_key, job_id) select unique_key, id from job where unique_key is not null;
insert into job_policy (kind, paused, at_most, reason) values ('send', true, 4, 'the carrier asked for it'), ('*', false, null, null);
insert into dead_letter (queue, body, error) values ('muster.send', '\x7b', 'the message ends in the middle');
insert into process (name, role) values ('worker-1', 'worker');
insert into timer (kind, subject, fire_at, organization_id)
values ('batch-release', '0195f000-0000-7000-8000-000000000301', now(), '0195f000-0000-7000-8000-0000000000a1');

insert into schedule (name, organization_id, cron, zone, enabled, kind, payload, next_at, error, retired_at)
values ('import:members', '0195f000-0000-7000-8000-0000000000a1', '0 6 * * 1-5', 'America/New_York', false, 'import-fetch',
    '{"source_id": "0195f000-0000-7000-8000-000000000602"}', now(), 'there is no such zone', now());
insert into tick (schedule, planned_at, local, note, fate, why, late_ms, coalesced_into, job_id, ticks, planned_until) values
    ('partitions', '2026-11-29T12:07Z', '2026-11-29T12:07', 'plain', 'late', null, 65000, null, uuid_v7(), 1, '2026-11-29T12:07Z'),
    ('partitions', '2026-11-29T11:07Z', '2026-11-29T11:07', 'plain', 'coalesced', 'missed', null, '2026-11-29T12:07Z', null, 1, '2026-11-29T11:07Z');
update figures set claimed_at = now(), taken_at = now(), figures = '[{"name": "replies_waiting", "labels": {}, "value": 2}]';
