-- Which laws' hours an organization keeps, and its own table of them where it has one (rule S5).
alter table organization
    add column law_strictness text not null default 'commercial' check (law_strictness in ('off', 'commercial')),
    -- Null: the built-in table of domain::hours.
    add column own_laws jsonb;
