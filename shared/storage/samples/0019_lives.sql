-- Sample rows of workers' lives.

insert into life (worker, server_started_at, over_at) values ('worker-1', now(), now()), ('worker-2', now(), null);
update job set life = 1 where state = 'running';
