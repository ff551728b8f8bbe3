-- Lookups of who serves a number (rules C5 and S10). Until its age is over an answer is not asked for again.
alter table contact add column looked_up_at timestamptz;
alter table organization
    add column carrier_lookups boolean not null default true,
    add column lookup_max_age_days int not null default 90 check (lookup_max_age_days between 1 and 3650);
