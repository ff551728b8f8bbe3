-- Sample rows of the audit.

select audit_append('0195f000-0000-7000-8000-000000000001', '0195f000-0000-7000-8000-0000000000a1', 'member',
    '0195f000-0000-7000-8000-000000000011', 'account_admin', null, 'api', null, 'opt_out_contact', 'POST', '{contact}',
    '{0195f000-0000-7000-8000-000000000201}', '{reason}', '0af7651916cd43dd8448eb211c80319c', '192.0.2.1', 'asked by phone', sha256('1'));
select audit_append(null, null, 'operator', null, null, 'root', 'cli', '0195f000-0000-7000-8000-000000000301', 'jobs_retry', null, '{job}',
    '{0195f000-0000-7000-8000-000000000301}', '{}', null, null, null, sha256('2'));
insert into audit_published (chain, number, hash, at) select chain, number, hash, at from audit_head;
