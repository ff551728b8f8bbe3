//! An organization of a million people, planted by statements that write whole tables: one large
//! group with a goal of its own, groups of ten thousand with a campaign in all of them, half of the
//! people texted, and every tenth of these with an answer.

use crate::rig::Rig;

/// The id of everything that there is one of, and of the large group and its goal.
pub(crate) const ID: &str = "00000000-0000-7000-8000-000000000000";
/// The groups beside the large one. The campaign is in all of them.
pub(crate) const GROUPS: usize = 90;
/// Agents; each texts in the large group and in another.
pub(crate) const AGENTS: usize = 500;

/// How the secrets of sessions begin.
const SESSION: &str = "muster_session_bench";

/// Numbers of people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// In the large group.
    pub(crate) large: usize,
    /// In each other group.
    pub(crate) each: usize,
}

impl Size {
    /// Parts so many people: a tenth are in the large group.
    pub(crate) fn of(contacts: usize) -> Self {
        let each = (contacts / (GROUPS + 10)).max(1);
        Self { large: each * 10, each }
    }

    /// Returns all people.
    pub(crate) fn contacts(self) -> usize {
        self.large + self.each * GROUPS
    }
}

/// Returns the secret of a member's session: 0 is an account admin, and agents begin at 1.
pub(crate) fn session(member: usize) -> String {
    format!("{SESSION}_{member}")
}

/// Returns an id of one of several things of a kind.
pub(crate) fn id(kind: Kind, number: usize) -> String {
    format!("00000000-0000-7000-{}-{number:012x}", kind.mark())
}

/// Kinds of things that there are many of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Group,
    Goal,
    Member,
    Contact,
    Thread,
    Batch,
    Tag,
}

impl Kind {
    const fn mark(self) -> &'static str {
        match self {
            Self::Group | Self::Goal => "8000",
            Self::Member => "8001",
            Self::Contact => "8002",
            Self::Thread => "8003",
            Self::Batch => "8004",
            Self::Tag => "8005",
        }
    }

    /// Returns SQL of the id with an expression as its number.
    fn sql(self, number: &str) -> String {
        format!("('00000000-0000-7000-{}-' || lpad(to_hex({number}), 12, '0'))::uuid", self.mark())
    }
}

/// Plants everything into an account.
pub(crate) async fn plant(rig: &Rig, account: &str, size: Size) -> anyhow::Result<()> {
    for statement in house(account).into_iter().chain(seed(size)).chain(people()).chain(texts()) {
        rig.execute(&statement).await?;
    }
    for statement in ["drop table seed", "vacuum analyze"] {
        rig.execute(statement).await?;
    }
    Ok(())
}

/// Without triggers and references, which would look at each row.
fn bare(statement: &str) -> String {
    format!("do $$ begin set local session_replication_role = replica; {statement}; end $$")
}

/// Returns the statements that plant the organization, its groups and members.
fn house(account: &str) -> Vec<String> {
    let (group, member, tag) = (Kind::Group.sql("n"), Kind::Member.sql("n"), Kind::Tag.sql("n"));
    let other = Kind::Group.sql(&format!("1 + (n - 1) % {GROUPS}"));
    vec![
        format!("insert into brand (id, account_id, name) values ('{ID}', '{account}', 'Bench')"),
        format!(
            r#"insert into organization (id, account_id, brand_id, name, settings)
             values ('{ID}', '{account}', '{ID}', 'Bench', '{{"law_strictness": "off", "number_segments_per_minute": 60000,
                 "sending_hours": {{"opens_minute": 0, "closes_minute": 1440}}}}')"#
        ),
        format!(
            "insert into contact_group (id, organization_id, name, zone, area_code)
             select {group}, '{ID}', 'Group ' || n, 'America/New_York', '212' from generate_series(0, {GROUPS}) n"
        ),
        format!("insert into tag (id, organization_id, name) select {tag}, '{ID}', 'tag ' || n from generate_series(0, 20) n"),
        format!(
            "insert into member (id, account_id, organization_id, role, first_name, last_name)
             select {member}, '{account}', case when n > 0 then '{ID}'::uuid end,
                 case n when 0 then 'account_admin' else 'agent' end, 'Ada' || n, 'Lovelace'
             from generate_series(0, {AGENTS}) n"
        ),
        format!(
            "insert into group_member (group_id, member_id)
             select '{ID}'::uuid, {member} from generate_series(1, {AGENTS}) n
             union all select {other}, {member} from generate_series(1, {AGENTS}) n"
        ),
        format!(
            "insert into sender_number (e164, organization_id, group_id, agent_id)
             select '+1212' || (5550000 + n), '{ID}'::uuid, '{ID}'::uuid, {member} from generate_series(1, {AGENTS}) n
             union all select '+1213' || (5550000 + n), '{ID}'::uuid, {other}, {member} from generate_series(1, {AGENTS}) n"
        ),
        format!(
            "insert into session (id, member_id, secret_hash, scope, method, client, address, idle_minutes, lifetime_hours)
             select uuid_v7(), {member}, sha256(convert_to('{SESSION}_' || n, 'UTF8')), 'full', 'email_code', 'Bench',
                 '198.51.100.7', 720, 720
             from generate_series(0, {AGENTS}) n"
        ),
    ]
}

/// Returns the statements that say of each person which group, place and texts they have.
fn seed(size: Size) -> Vec<String> {
    let Size { large, each } = size;
    let contacts = size.contacts();
    vec![
        "create unlogged table seed (n int primary key, g int, place int, texted boolean, agent int, message_id uuid)"
            .to_owned(),
        format!(
            "insert into seed
             select n, g, place, place < size / 2,
                 case g when 0 then 1 + n % {AGENTS} else 1 + (g - 1 + n % 5 * {GROUPS}) % ({GROUPS} * 5) end,
                 case when place < size / 2 then uuid_v7() end
             from (
                 select n, case when n < {large} then 0 else 1 + (n - {large}) / {each} end as g,
                     case when n < {large} then n else (n - {large}) % {each} end as place,
                     case when n < {large} then {large} else {each} end as size
                 from generate_series(0, {contacts} - 1) n) placed"
        ),
        "analyze seed".to_owned(),
    ]
}

/// Returns the statements that plant people, and the goals with their batches and targets.
fn people() -> Vec<String> {
    let (contact, group, goal) = (Kind::Contact.sql("n"), Kind::Group.sql("g"), Kind::Goal.sql("g"));
    let batch = Kind::Batch.sql("g * 65536 + place / 100");
    let (tag, often, rare) = (Kind::Tag.sql("1 + n % 19"), Kind::Tag.sql("0"), Kind::Tag.sql("20"));
    vec![
        bare(&format!(
            "insert into contact (id, organization_id, e164, first_name, last_name, email, postal_code, external_id, fields,
                 line_type, source, opted_out_at, opt_out_reason, opt_out_origin, last_word)
             select {contact}, '{ID}', '+1646' || (2000000 + n), 'Ada' || n % 997, 'Number' || n, 'ada' || n || '@example.org',
                 '10001', 'van-' || n, jsonb_build_object('ward', (n % 50)::text, 'precinct', 'P' || n % 1000),
                 case when n % 40 = 0 then 'landline' else 'mobile' end, 'file', stopped, reason, origin, word
             from seed s left join lateral (
                 select now() - make_interval(secs => n) as stopped, 'texted STOP' as reason, 'text' as origin, n as word
                 where n % 50 = 7) o on true"
        )),
        bare(&format!("insert into membership (group_id, contact_id) select {group}, {contact} from seed")),
        format!("insert into group_size (group_id, contacts) select {group}, count(*) from seed group by g"),
        bare(&format!(
            "insert into contact_tag (contact_id, tag_id)
             select {contact}, {tag} from seed union all select {contact}, {often} from seed where n % 1000 = 0
             union all select {contact}, {rare} from seed where n < 7"
        )),
        format!("insert into custom_field (organization_id, name) values ('{ID}', 'ward'), ('{ID}', 'precinct')"),
        format!(
            "insert into campaign (id, organization_id, name, created_by) select '{ID}', '{ID}', 'Everywhere', {}",
            Kind::Member.sql("0")
        ),
        format!(
            "insert into goal (id, organization_id, group_id, campaign_id, name, goal_type, date_local, strategy, script, zone,
                 opens_local, closes_local, opens_at, closes_at, release_plan, launched_at, partitioned_at, created_by)
             select {goal}, '{ID}', {group}, case when g > 0 then '{ID}'::uuid end, 'Goal ' || g, 'turnout', now() + interval '9 days', 'anyone',
                 'Hi {{{{first_name|there}}}}, {{{{agent.first_name}}}} here. Can we count on you? Reply STOP to opt out',
                 'America/New_York', now() - interval '1 day', now() + interval '9 days', now() - interval '1 day',
                 now() + interval '9 days', '{{\"pace\": \"all_at_open\", \"paced_to_caps\": false}}',
                 now() - interval '1 day', now() - interval '1 day', {}
             from generate_series(0, {GROUPS}) g",
            Kind::Member.sql("0")
        ),
        format!(
            "insert into batch (id, goal_id, kind, number, state)
             select {batch}, {goal}, 'initial', 1 + place / 100, case when bool_and(texted) then 'finished' else 'released' end
             from seed group by g, place / 100"
        ),
        bare(&format!(
            "insert into target (goal_id, contact_id, position, batch_id, initial_message_id, replied_at, answer, answered_at)
             select {goal}, {contact}, place + 1, {batch}, case when texted then message_id end,
                 case when texted and n % 10 = 0 then now() end, case when texted and n % 30 = 0 then 'yes' end,
                 case when texted and n % 30 = 0 then now() end
             from seed"
        )),
    ]
}

/// Returns the statements that plant conversations and their texts.
fn texts() -> Vec<String> {
    let (contact, group, goal) = (Kind::Contact.sql("n"), Kind::Group.sql("g"), Kind::Goal.sql("g"));
    let (thread, agent) = (Kind::Thread.sql("n"), Kind::Member.sql("agent"));
    let number = "case g when 0 then '+1212' else '+1213' end || (5550000 + agent)";
    vec![
        bare(&format!(
            "insert into thread (id, organization_id, group_id, contact_id, sender_e164, goal_id, agent_id, unread_since)
             select {thread}, '{ID}', {group}, {contact}, {number}, {goal}, {agent}, case when n % 200 = 0 then now() end
             from seed where texted"
        )),
        format!(
            "insert into message (id, organization_id, group_id, goal_id, contact_id, thread_id, agent_id, kind, state, body,
                 encoding, segments, error_code, sent_at)
             select message_id, '{ID}', {group}, {goal}, {contact}, {thread}, {agent}, 'initial',
                 case n % 20 when 1 then 'undelivered' else 'delivered' end, 'Hi Ada' || n % 997 || ', Ada here. Can we count on you?',
                 'GSM-7', 1, case n % 20 when 1 then 30003 end, now() - make_interval(mins => n % 1200)
             from seed where texted"
        ),
        format!(
            "insert into message (id, organization_id, group_id, goal_id, contact_id, thread_id, kind, state, body, encoding, segments)
             select uuid_v7(), '{ID}', {group}, {goal}, {contact}, {thread}, 'inbound', 'received', 'Yes, where do I vote? ' || n, 'GSM-7', 1
             from seed where texted and n % 10 = 0"
        ),
    ]
}
