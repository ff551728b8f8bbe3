-- What the engine writes down for operators leaves after a time, as jobs do: ticks, messages that could not be decoded, and processes that
-- are gone.
insert into schedule (name, cron, zone, kind, payload, jitter_seconds) values
    ('engine-history', '50 4 * * *', 'UTC', 'upkeep', '{"task": "engine-history"}', 600);
