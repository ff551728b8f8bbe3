-- Sample values of groups' knowledge: a member with a name and a tag that the group knows, and an
-- import that told it the name.

update membership set knows = '{"first_name": "Emmy", "fields": {}, "tags": ["0195f000-0000-7000-8000-000000000221"]}'
where contact_id = '0195f000-0000-7000-8000-000000000201';
update import_change set known_before = '{"fields": {}, "tags": []}', known_after = '{"first_name": "Emmy", "fields": {}, "tags": []}';
