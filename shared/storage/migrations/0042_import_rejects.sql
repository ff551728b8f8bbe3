-- Rule C7: rejects are bounded in number and bytes, and leave after a time; all of them are counted by reason.
alter table import
    -- Rejects that reading has kept, and about how many bytes they take. Those of applying stand with its shards.
    add column rejects_kept bigint not null default 0,
    add column rejects_kept_bytes bigint not null default 0,
    -- When those that were kept were forgotten, because they were kept long enough.
    add column rejects_forgotten_at timestamptz;
update import i set rejects_kept = r.rows, rejects_kept_bytes = r.bytes
from (select import_id, count(*) as rows, sum(octet_length(raw)) as bytes from import_reject group by import_id) r
where r.import_id = i.id;

-- All rejects by reason; null for what was read or applied before they were counted, whose rejects were all kept.
alter table import_part add column reject_reasons jsonb;
alter table import_shard
    add column reject_reasons jsonb,
    add column rejects_kept bigint not null default 0;

-- Imports whose rejects are still to be forgotten.
create index import_rejects on import (finished_at) where rejects_forgotten_at is null;

insert into schedule (name, cron, zone, kind, payload, jitter_seconds) values
    ('import-rejects', '35 4 * * *', 'UTC', 'upkeep', '{"task": "import-rejects"}', 600);
