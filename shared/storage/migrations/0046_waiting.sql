-- Rule B6: what held batches wait for, beside the timer that says until when. A changed setting moves those that wait for it.
alter table goal_estimate add column release_waits_for text check (release_waits_for in ('pace', 'hours', 'cap'));
update goal_estimate e set release_waits_for = 'pace'
from goal g join timer t on t.kind = 'batch-release' and t.subject = g.id
where e.goal_id = g.id and jsonb_typeof(g.release_plan -> 'pace') = 'object'
  and t.fire_at <= now() + make_interval(mins => (g.release_plan -> 'pace' -> 'every' ->> 'minutes')::int);

-- Rule G3: a window is at most 31 days of the group's calendar. Across a change of clocks these are an hour more or less.
alter table goal drop constraint goal_check1;
alter table goal add constraint goal_window check (closes_local - opens_local <= interval '31 days') not valid;
