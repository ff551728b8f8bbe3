-- Sample rows of access requests.

insert into export (id, organization_id, created_by, kind, format, gzip, columns, filter, state, attempt, rows, bytes, started_at)
values ('0195f000-0000-7000-8000-000000000244', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000011', 'access_request',
    'html', false, '{}', '{}', 'running', 1, 9, 800, now());
insert into access_request (id, contact_id, reason)
values ('0195f000-0000-7000-8000-000000000244', '0195f000-0000-7000-8000-000000000201', 'asked by letter');
