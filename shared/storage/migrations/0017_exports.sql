-- The records of exports with people (rule E1), each with whether its person is redacted: how a
-- redacted person appears in a column is said once, in the registry (`trust::exported`), and not
-- here. Each is a single statement, so that the planner looks into it and leaves out the columns
-- that are not chosen.

drop function export_contacts(uuid, uuid[], jsonb);
drop function export_conversations(uuid, uuid[], jsonb);
drop function export_goal_results(uuid, uuid[], jsonb);
drop function export_opt_outs(uuid, uuid[], jsonb);

create function export_contacts(in_organization uuid, readers uuid[], filter jsonb)
returns table (contact_id uuid, phone text, first_name text, last_name text, email text, postal_code text, notes text, external_id text,
    tags jsonb, groups jsonb, line_type text, carrier text, opted_out_at timestamptz, opt_out_reason text, redacted_at timestamptz,
    source text, consent_text text, created_at timestamptz, fields jsonb, is_redacted boolean)
language sql stable as $$
    select c.id,
        c.e164,
        case when k.known is null then c.first_name else coalesce(k.known ->> 'first_name', '') end,
        case when k.known is null then c.last_name else coalesce(k.known ->> 'last_name', '') end,
        case when k.known is null then c.email else k.known ->> 'email' end,
        case when k.known is null then c.postal_code else k.known ->> 'postal_code' end,
        case when k.known is null then c.notes else k.known ->> 'notes' end,
        case when k.known is null then c.external_id else k.known ->> 'external_id' end,
        (select coalesce(jsonb_agg(t.name order by t.name), '[]')
         from contact_tag ct join tag t on t.id = ct.tag_id
         where ct.contact_id = c.id
           and (readers is null or exists (
               select from membership m
               where m.contact_id = c.id and m.group_id = any(readers) and (m.knows is null or m.knows -> 'tags' ? ct.tag_id::text)))),
        (select coalesce(jsonb_agg(g.name order by g.name, g.id), '[]')
         from membership m join contact_group g on g.id = m.group_id
         where m.contact_id = c.id and (readers is null or m.group_id = any(readers))),
        c.line_type, c.carrier, c.opted_out_at,
        case when readers is null then c.opt_out_reason
             when k.known is null and not exists (select from membership m where m.contact_id = c.id and m.group_id <> all(readers))
             then c.opt_out_reason end,
        c.redacted_at,
        case when k.known is null then c.source else coalesce(j.source, case when j.import_id is not null then 'file' else 'inbound' end) end,
        case when k.known is null then c.consent_text else j.consent_text end,
        case when k.known is null then c.created_at else coalesce(j.added_at, c.created_at) end,
        case when k.known is null then c.fields else k.known -> 'fields' end,
        c.redacted_at is not null
    from matching_contacts(in_organization, readers, filter) c
    left join lateral (select known_to(c.id, readers) as known) k on readers is not null
    left join lateral (
        select m.import_id, m.added_at, m.source, coalesce(m.consent_text, i.consent_text) as consent_text
        from membership m left join import i on i.id = m.import_id
        where m.contact_id = c.id and m.group_id = any(readers)
        order by m.added_at, m.group_id limit 1
    ) j on readers is not null
$$;

-- The filter has the members of the list of conversations; `words` are in small letters, and
-- `digits` are of a number.
create function export_conversations(in_organization uuid, readers uuid[], filter jsonb)
returns table (message_id uuid, conversation_id uuid, contact_id uuid, phone text, first_name text, last_name text, group_id uuid,
    "group" text, goal_id uuid, goal text, direction text, kind text, state text, reason text, body text, segments int, agent_id uuid,
    agent text, our_number text, created_at timestamptz, sent_at timestamptz, delivered_at timestamptz, error_code int,
    is_redacted boolean)
language sql stable as $$
    select x.id, t.id, t.contact_id,
        c.e164, p.first_name, p.last_name,
        t.group_id, g.name, x.goal_id, goal.name,
        case when x.kind = 'inbound' then 'in' else 'out' end,
        x.kind, x.state, x.reason,
        x.body,
        x.segments, x.agent_id, a.first_name || ' ' || a.last_name, t.sender_e164, x.created_at, x.sent_at, x.delivered_at, x.error_code,
        c.redacted_at is not null
    from thread t
    join message x on x.thread_id = t.id
    join contact c on c.id = t.contact_id
    join contact_group g on g.id = t.group_id
    left join goal on goal.id = x.goal_id
    left join member a on a.id = x.agent_id
    left join membership m on m.group_id = t.group_id and m.contact_id = t.contact_id
    cross join lateral (select coalesce(t.held_until > statement_timestamp(), false) as is_held) h
    cross join lateral (select readers is not null and (m.contact_id is null or m.knows is not null) as partly) k
    cross join lateral (
        select case when k.partly then coalesce(m.knows ->> 'first_name', '') else c.first_name end as first_name,
               case when k.partly then coalesce(m.knows ->> 'last_name', '') else c.last_name end as last_name
    ) p
    where t.organization_id = in_organization
      and (readers is null or t.group_id = any(readers))
      and (filter ->> 'group_id' is null or t.group_id = (filter ->> 'group_id')::uuid)
      and (filter ->> 'phone' is null or c.e164 = filter ->> 'phone')
      and case filter ->> 'state'
              when 'unresponded' then t.unread_since is not null
              when 'held' then h.is_held
              when 'done' then t.unread_since is null and not h.is_held
              else true
          end
      and (filter ->> 'agent_id' is null or t.agent_id = (filter ->> 'agent_id')::uuid or m.assigned_agent_id = (filter ->> 'agent_id')::uuid
          or (h.is_held and t.held_by = (filter ->> 'agent_id')::uuid))
      and (filter ->> 'goal_id' is null or t.goal_id = (filter ->> 'goal_id')::uuid or t.next_goal_id = (filter ->> 'goal_id')::uuid
          or exists (
              select from target e
              where e.goal_id = (filter ->> 'goal_id')::uuid and e.contact_id = t.contact_id and e.initial_message_id is not null))
      and (filter ->> 'tag' is null or exists (
          select from contact_tag ct join tag on tag.id = ct.tag_id
          where ct.contact_id = t.contact_id and tag.name = filter ->> 'tag' and (not k.partly or m.knows -> 'tags' ? ct.tag_id::text)))
      and (filter -> 'words' is null
          or not exists (
              select from jsonb_array_elements_text(filter -> 'words') as w (word)
              where strpos(lower(p.first_name || ' ' || p.last_name), w.word) = 0)
          or strpos(c.e164, filter ->> 'digits') > 0
          or exists (
              select from message y
              where y.thread_id = t.id and not exists (
                  select from jsonb_array_elements_text(filter -> 'words') as w (word) where strpos(lower(y.body), w.word) = 0)))
$$;

create function export_goal_results(in_organization uuid, readers uuid[], filter jsonb)
returns table (goal_id uuid, goal text, group_id uuid, "group" text, campaign_id uuid, contact_id uuid, phone text, first_name text,
    last_name text, messaged boolean, messaged_at timestamptz, replied_at timestamptz, answer text, answered_at timestamptz,
    skipped_at timestamptz, skip_reason text, opted_out_at timestamptz, reminded boolean,
    is_redacted boolean)
language sql stable as $$
    select g.id, g.name, g.group_id, n.name, g.campaign_id, t.contact_id,
        c.e164,
        case when k.partly then coalesce(m.knows ->> 'first_name', '') else c.first_name end,
        case when k.partly then coalesce(m.knows ->> 'last_name', '') else c.last_name end,
        was_messaged(t.initial_message_id),
        (select x.sent_at from message x where x.id = t.initial_message_id),
        t.replied_at, t.answer, t.answered_at,
        case when t.initial_message_id is null then t.skipped_at end,
        case when t.initial_message_id is null then t.skip_reason end,
        t.opted_out_at, was_messaged(t.reminder_message_id), c.redacted_at is not null
    from goal g
    join contact_group n on n.id = g.group_id
    join target t on t.goal_id = g.id
    join contact c on c.id = t.contact_id
    left join membership m on m.group_id = g.group_id and m.contact_id = t.contact_id
    cross join lateral (select readers is not null and (m.contact_id is null or m.knows is not null) as partly) k
    where g.organization_id = in_organization
      and (readers is null or g.group_id = any(readers))
      and (filter -> 'ids' is null or g.id = any(array(select one::uuid from jsonb_array_elements_text(filter -> 'ids') one)))
      and (filter ->> 'group_id' is null or g.group_id = (filter ->> 'group_id')::uuid)
      and (filter ->> 'status' is null
          or goal_status(g.launched_at, g.paused_at, g.opens_at, g.closes_at, statement_timestamp()) = filter ->> 'status')
$$;

create function export_opt_outs(in_organization uuid, readers uuid[], filter jsonb)
returns table (contact_id uuid, phone text, opted_out_at timestamptz, origin text, reason text, is_redacted boolean)
language sql stable as $$
    select c.id, c.e164, c.opted_out_at, c.opt_out_origin,
        case when readers is null then c.opt_out_reason
             when exists (select from membership m where m.contact_id = c.id and m.group_id = any(readers) and m.knows is null)
                  and not exists (select from membership m where m.contact_id = c.id and m.group_id <> all(readers))
             then c.opt_out_reason end,
        c.redacted_at is not null
    from contact c
    where c.organization_id = in_organization and c.opted_out_at is not null and c.redacted_at is null
      and (filter ->> 'origin' is null or c.opt_out_origin = filter ->> 'origin')
      and (readers is null or exists (select from membership m where m.contact_id = c.id and m.group_id = any(readers)))
    order by c.opted_out_at desc, c.id desc
$$;
