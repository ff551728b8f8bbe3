-- Sample rows of work on people: forms, merges and bulk changes.

insert into form (id, organization_id, group_id, public_key, title, consent_text, questions, tag_ids, allowed_origins, sign_ups_an_hour,
    sign_ups_an_hour_and_client, created_by)
values ('0195f000-0000-7000-8000-000000000231', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000101',
    '0123456789abcdef0123456789abcdef', 'Run with us', 'I agree to get texts', '[{"field": "first_name", "required": true}]',
    '{0195f000-0000-7000-8000-000000000221}', '{https://example.org}', 600, 20, '0195f000-0000-7000-8000-000000000011');
insert into sign_up (id, form_id, contact_id, consent_text)
values (uuid_v7(), '0195f000-0000-7000-8000-000000000231', '0195f000-0000-7000-8000-000000000201', 'I agree to get texts');
insert into name_merge (id, organization_id, kind, from_id, into_id, step, after_contact_id, contacts)
values (uuid_v7(), '0195f000-0000-7000-8000-0000000000a1', 'tag', uuid_v7(), '0195f000-0000-7000-8000-000000000221', 'move',
    '0195f000-0000-7000-8000-000000000201', 1);
insert into name_merge (id, organization_id, kind, from_id, into_id, renames, step, finished_at)
values (uuid_v7(), '0195f000-0000-7000-8000-0000000000a1', 'field', uuid_v7(), uuid_v7(), true, 'done', now());
insert into bulk_change (id, organization_id, created_by, filter, action, tag_id, readers, state, failure, contacts, done, outcomes, started_at, finished_at)
values
    ('0195f000-0000-7000-8000-000000000231', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000011', '{"tag": "runner"}',
        '{"action": "tag", "tag": "walker"}', '0195f000-0000-7000-8000-000000000221', '{0195f000-0000-7000-8000-000000000101}', 'running', null, 2, 1,
        '{"changed": 1}', now(), null),
    ('0195f000-0000-7000-8000-000000000232', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000011', '{"name": "Emmy"}',
        '{"action": "untag", "tag": "runner"}', '0195f000-0000-7000-8000-000000000221', null, 'failed', 'tag_gone', 2, 1, '{"unchanged": 1}', now(), now());
insert into bulk_change_contact (bulk_change_id, contact_id)
values ('0195f000-0000-7000-8000-000000000231', '0195f000-0000-7000-8000-000000000201');
