-- Rule C12: a dry run of a file for which a group would have to be made makes none, and has none.
alter table import alter column group_id drop not null;
alter table import add constraint import_has_a_group check (group_id is not null or dry_run);

-- How many contacts an agent has in a group (rule A2). Who has no agent is not in it, so that imports without agents do not pay for it.
create index membership_agent on membership (group_id, assigned_agent_id) where assigned_agent_id is not null;
