insert into ledger_word (organization_id, contact_id, opted_out, word, origin, segment)
values ('0195f000-0000-7000-8000-000000000002', '0195f000-0000-7000-8000-000000000201', true, 1, 'text', 1);
insert into ledger_replay (texts_since, redactions, opt_outs, opt_ins, texts_known, texts_found, texts_open)
values (now(), 1, 2, 3, 4, 5, 6);
update ledger set place = database_place(), beat = 3, beat_at = now(), segment = 1, sha256 = '\x01', restored_at = now(), restored_by = 'command';
update redaction set ledger_segment = 1 where id = (select id from redaction order by id limit 1);
