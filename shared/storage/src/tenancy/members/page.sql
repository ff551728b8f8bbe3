-- $1 account, $2 organization, $3 with the account's admins?, $4 one member (null: all), $5 role,
-- $6 group, $7 words in name or address, $8 state, $9 groups that a group admin reads for (null:
-- all), $10 that group admin, $11 after, $12 at most.
select m.id, m.organization_id, m.role, m.first_name, m.last_name, m.email, m.version, m.created_at, m.suspended_at, m.removed_at,
    array(select g.group_id from group_member g where g.member_id = m.id order by g.group_id) as "groups!"
from member m
where m.account_id = $1 and (m.organization_id = $2 or ($3 and m.organization_id is null))
  and ($4::uuid is null or m.id = $4)
  and ($5::text is null or m.role = $5)
  and ($6::uuid is null or exists (select from group_member g where g.group_id = $6 and g.member_id = m.id))
  and ($7::text is null or strpos(lower(m.first_name || ' ' || m.last_name), lower($7)) > 0 or strpos(m.email, lower($7)) > 0)
  and case $8::text
      when 'active' then m.suspended_at is null and m.removed_at is null
      when 'suspended' then m.suspended_at is not null and m.removed_at is null
      when 'removed' then m.removed_at is not null
      else $4 is not null or m.removed_at is null
  end
  -- Rule A5: a group admin sees themselves, the members of their groups, and members without a
  -- group.
  and ($9::uuid[] is null or m.id = $10 or (m.removed_at is null and (
      exists (select from group_member g where g.member_id = m.id and g.group_id = any($9))
      or not exists (select from group_member g where g.member_id = m.id))))
  and ($11::uuid is null or m.id > $11)
order by m.id limit $12
