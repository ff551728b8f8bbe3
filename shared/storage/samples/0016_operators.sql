insert into process (name, role, kinds, draining_since) values ('worker-2', 'worker', '{csv-ingestion}', now());

insert into job_act (id, verb, filter, matching, rate, abort_above, acted, tried, failed)
values ('0195f000-0000-7000-8000-000000001601', 'retry', '{"kind": "send"}', 20, 10, 0.2, 12, 3, 1);
insert into job_act_job (job_act_id, job_id) values ('0195f000-0000-7000-8000-000000001601', '0195f000-0000-7000-8000-000000001602');
insert into job_act (id, verb, filter, matching, rate, abort_above, state, finished_at)
values ('0195f000-0000-7000-8000-000000001603', 'cancel', '{}', 1, 10, 1, 'stopped', now());
