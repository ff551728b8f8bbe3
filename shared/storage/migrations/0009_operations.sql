-- What operators look at: how many jobs ended lately, without an index that every completion pays for.
create index job_finished on job using brin (finished_at);
