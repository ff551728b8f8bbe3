-- Sample rows of the imports: one that is done and was undone, one that waits, a dry run without a
-- group. `import_row` and `import_phone` are shapes of temporary tables and stay empty.

insert into import_source (id, organization_id, group_id, name, url, mapping, tags, consent_text, created_by, etag, last_modified, sha256, checked_at, failure)
values
    ('0195f000-0000-7000-8000-000000000602', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000101', 'members',
        'https://example.org/members.csv', '{"phone": "Cell"}', '{member}', 'at the door', '0195f000-0000-7000-8000-000000000013', '"v1"',
        'Sun, 29 Nov 2026 12:00:00 GMT', sha256('file'), now(), 'the answer was 503'),
    ('0195f000-0000-7000-8000-000000000603', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000101', 'uploads', null, '{}', '{}',
        null, '0195f000-0000-7000-8000-000000000013', null, null, null, null, null);
insert into import (id, organization_id, group_id, source_id, created_by, file_name, object_key, size_bytes, mapping, tags, consent_text, state,
    failure, compression, encoding, delimiter, header, text_key, sha256, rows_expected, bytes_cut, shards, parts_left, shards_left, places_left,
    last_admitted_line, rows_read, created, updated, merged, rejected, rejects_kept, rejects_kept_bytes, rejects_forgotten_at, started_at,
    finished_at, undo_requested, undone_at, undone)
values ('0195f000-0000-7000-8000-000000000601', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000101',
    '0195f000-0000-7000-8000-000000000602', '0195f000-0000-7000-8000-000000000013', 'members.csv', 'imports/601', 120, '{"phone": "Cell"}', '{member}',
    'at the door', 'succeeded', 'none', 'gzip', 'UTF-8', ';', '{"columns": ["Cell", "Ward"]}', 'imports/601.txt', sha256('file'), 4, 120, 2, 0, 0, 10,
    3, 4, 1, 1, 1, 1, 1, 40, now(), now(), now(), true, now(), '{"deleted": 1, "kept": 0}');
insert into import (id, organization_id, group_id, created_by, file_name, object_key, size_bytes, dry_run) values
    ('0195f000-0000-7000-8000-000000000604', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000101',
        '0195f000-0000-7000-8000-000000000013', 'waiting.csv', 'imports/604', 12, false),
    ('0195f000-0000-7000-8000-000000000605', '0195f000-0000-7000-8000-0000000000a1', null, '0195f000-0000-7000-8000-000000000013', 'dry.csv',
        'imports/605', 12, true);
update import_source set last_import_id = '0195f000-0000-7000-8000-000000000601' where name = 'members';
insert into import_part (import_id, number, first_byte, bytes, first_line, rows_read, rejected, merged, reject_reasons, warnings, warning_reasons,
    warning_lines, shard_starts, read_epoch, tags)
values
    ('0195f000-0000-7000-8000-000000000601', 0, 10, 110, 2, 4, 1, 1, '{"phone_missing": 1}', 1, '{"area_code_unknown": 1}', '{3}', '{0, 40, 80}', 1, '{runner}'),
    ('0195f000-0000-7000-8000-000000000604', 0, 0, 12, 1, null, null, null, null, 0, null, '{}', null, null, null);
insert into import_shard (import_id, number, created, updated, unchanged, merged, rejected, reject_reasons, rejects_kept, opted_out)
values ('0195f000-0000-7000-8000-000000000601', 0, 1, 1, 0, 0, 0, '{}', 0, 1);
insert into import_reject (import_id, line, reason, column_name, raw) values
    ('0195f000-0000-7000-8000-000000000601', 5, 'phone_missing', 'Cell', ';7'),
    ('0195f000-0000-7000-8000-000000000601', 6, 'quote_unclosed', null, '"');
insert into import_agent (import_id, email, member_id, last_admitted_line) values
    ('0195f000-0000-7000-8000-000000000601', 'grace@example.org', '0195f000-0000-7000-8000-000000000012', 3),
    ('0195f000-0000-7000-8000-000000000601', 'nobody@example.org', null, null);
insert into import_change (import_id, contact_id, before, after, changed_at)
values ('0195f000-0000-7000-8000-000000000601', '0195f000-0000-7000-8000-000000000201', '{"first_name": "E."}', '{"first_name": "Emmy"}', now());
insert into import_assignment (import_id, contact_id, before_agent_id, after_agent_id) values
    ('0195f000-0000-7000-8000-000000000601', '0195f000-0000-7000-8000-000000000201', '0195f000-0000-7000-8000-000000000012', '0195f000-0000-7000-8000-000000000012'),
    ('0195f000-0000-7000-8000-000000000601', '0195f000-0000-7000-8000-000000000202', null, '0195f000-0000-7000-8000-000000000012');
update import_change set known_before = '{"fields": {}, "tags": []}', known_after = '{"first_name": "Emmy", "fields": {}, "tags": []}';
update import set file_forgotten_at = now() where dry_run;
