-- Sweeping is a schedule like the rest of the upkeep; the schedulers' own sweeps stay beside it, for what brings jobs back must not depend
-- on a job alone. It has no jitter and no delay of its own: a round that finds nothing is one statement. Workers of the version before
-- would park its jobs: it begins in an hour, so that they can be replaced meanwhile.
insert into schedule (name, cron, zone, kind, payload, decided_until, changed_at)
select 'engine-sweep', '* * * * *', 'UTC', 'upkeep', '{"task": "sweep"}', begins, begins
from (select now() + interval '1 hour' as begins) as first_hour;
