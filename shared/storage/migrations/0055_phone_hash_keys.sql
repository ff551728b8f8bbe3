-- Rule R4: which keys numbers were hashed under, by their check values (`domain::phone_hash`). A process with another key does not start.
create table phone_hash_key (
    key_id bytea primary key,
    first_used_at timestamptz not null default now()
);

-- The key of each hash. Null: of before keys were written down; whoever begins first says that theirs is the one.
alter table suppression add column key_id bytea;
alter table redaction add column key_id bytea;
create index suppression_key on suppression (key_id);

-- While keys are rotated, rows are looked for under the other key as well.
alter table import_row add column phone_hash_previous bytea;
