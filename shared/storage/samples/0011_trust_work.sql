-- Sample rows of exports and of a run of retention.

insert into export (id, organization_id, created_by, kind, format, gzip, columns, filter, readers, state, failure, attempt, rows_expected, rows, bytes,
    started_at, finished_at, file_until, file_ended_at, file_end, objects_removed_at)
values
    ('0195f000-0000-7000-8000-000000000241', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000011', 'contacts', 'csv', false,
        '{phone,field:ward}', '{"tag": "runner"}', '{0195f000-0000-7000-8000-000000000101}', 'succeeded', null, 1, 10, 9, 800, now(), now(), now(), now(),
        'redaction', now()),
    ('0195f000-0000-7000-8000-000000000242', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000011', 'opt_outs', 'json_lines', true,
        '{}', '{}', null, 'failed', 'given_up', 1, null, 0, 0, now(), now(), null, null, null, null);
insert into export_link (id, export_id, member_id, secret_hash, expires_at)
values ('0195f000-0000-7000-8000-000000000243', '0195f000-0000-7000-8000-000000000241', '0195f000-0000-7000-8000-000000000011', '\x02', now());
insert into export_opening (link_id, client_address) values ('0195f000-0000-7000-8000-000000000243', '203.0.113.7');

insert into retention_run (id, organization_id, step, frozen_at, counts, left_alone)
values ('0195f000-0000-7000-8000-000000000251', '0195f000-0000-7000-8000-0000000000a1', 'texts', now(), '{"contacts": 3}', 1);
insert into retention_item (run_id, id) values ('0195f000-0000-7000-8000-000000000251', '0195f000-0000-7000-8000-000000000201');
update retention_run set step = 'done', finished_at = now() where id = '0195f000-0000-7000-8000-000000000251';
