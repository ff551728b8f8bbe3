//! Queued messages by the thousand, planted as agents' requests leave them: for tests of the
//! hand-over and for benchmarks.

/// The id of everything that there is one of: the account, the brand, the organization, the group,
/// the goal.
pub const ID: &str = "00000000-0000-7000-8000-000000000001";

/// Lets the planted messages go: makes their jobs.
pub const QUEUE_JOBS: &str = "insert into job (id, kind, organization_id, payload, max_attempts, run_at, created_at)
     select id, 'send', '00000000-0000-7000-8000-000000000001', '{}', 8, clock_timestamp(), clock_timestamp() from seed_job order by n";

/// Rows to plant into an empty database.
#[derive(Debug, Clone, Copy)]
pub struct Planted {
    /// Messages, every third of two segments.
    pub messages: u32,
    /// Messages of one job.
    pub job: u32,
    /// Numbers that they go out from.
    pub numbers: u32,
    /// The brand's daily cap.
    pub cap: Option<i64>,
    /// The brand's rate with the same carrier, in segments a minute.
    pub rate: Option<i64>,
}

impl Default for Planted {
    fn default() -> Self {
        Self { messages: 1_000, job: 100, numbers: 1, cap: None, rate: None }
    }
}

impl Planted {
    /// Returns the statements that plant everything but the jobs.
    pub fn statements(&self) -> Vec<String> {
        let Self { messages, job, numbers, cap, rate } = self;
        let jobs = messages.div_ceil(*job);
        let mut statements = vec![
            "create table seed (n int primary key, contact_id uuid, thread_id uuid)".to_owned(),
            "create table seed_job (n int primary key, id uuid)".to_owned(),
            format!("insert into account (id, name) values ('{ID}', 'Planted')"),
            format!("insert into brand (id, account_id, name) values ('{ID}', '{ID}', 'Planted')"),
            format!(
                r#"insert into organization (id, account_id, brand_id, name, settings)
                 values ('{ID}', '{ID}', '{ID}', 'Planted', '{{"law_strictness": "off", "number_segments_per_minute": 60000,
                     "sending_hours": {{"opens_minute": 0, "closes_minute": 1440}}}}')"#
            ),
            format!(
                "insert into contact_group (id, organization_id, name, zone, area_code)
                 values ('{ID}', '{ID}', 'All', 'America/New_York', '212')"
            ),
            format!(
                "insert into member (id, account_id, organization_id, role, first_name, last_name)
                 select ('00000000-0000-7000-8000-' || lpad(to_hex(n + 1), 12, '0'))::uuid, '{ID}', '{ID}', 'agent', 'Ada', 'Lovelace'
                 from generate_series(0, {numbers} - 1) n"
            ),
            format!("insert into group_member (group_id, member_id) select '{ID}', id from member"),
            format!(
                "insert into sender_number (e164, organization_id, group_id, agent_id)
                 select '+1212' || (5550000 + row_number() over (order by id) - 1), '{ID}', '{ID}', id from member"
            ),
            format!(
                "insert into goal (id, organization_id, group_id, name, goal_type, date_local, strategy, script, zone, opens_local,
                     closes_local, opens_at, closes_at, release_plan, launched_at, partitioned_at, created_by)
                 values ('{ID}', '{ID}', '{ID}', 'Planted', 'turnout', now(), 'anyone', 'Hi', 'America/New_York', now(), now(),
                     now() - interval '1 day', now() + interval '29 days',
                     '{{\"pace\": \"all_at_open\", \"paced_to_caps\": false}}', now(), now(), '{ID}')"
            ),
            format!("insert into seed select n, uuid_v7(), uuid_v7() from generate_series(0, {messages} - 1) n"),
            format!("insert into seed_job select n, uuid_v7() from generate_series(0, {jobs} - 1) n"),
            format!(
                "insert into contact (id, organization_id, e164, first_name, source)
                 select contact_id, '{ID}', '+1646' || (2000000 + n), 'Ada' || n, 'api' from seed"
            ),
            format!("insert into membership (group_id, contact_id) select '{ID}', contact_id from seed"),
            format!(
                "insert into thread (id, organization_id, group_id, contact_id, sender_e164, goal_id, agent_id)
                 select thread_id, '{ID}', '{ID}', contact_id, '+1212' || (5550000 + n / {job} % {numbers}), '{ID}',
                     ('00000000-0000-7000-8000-' || lpad(to_hex(n / {job} % {numbers} + 1), 12, '0'))::uuid
                 from seed"
            ),
            format!(
                "insert into message (id, organization_id, group_id, goal_id, contact_id, thread_id, agent_id, kind, state, body, encoding,
                     segments, send_job_id)
                 select uuid_v7(), '{ID}', '{ID}', '{ID}', contact_id, thread_id, '{ID}', 'initial', 'queued',
                     'Hi Ada' || s.n || '! Reply STOP to opt out' || case when s.n % 3 = 0 then repeat('.', 160) else '' end, 'GSM-7',
                     case when s.n % 3 = 0 then 2 else 1 end, j.id
                 from seed s join seed_job j on j.n = s.n / {job} order by s.n"
            ),
        ];
        statements.extend(cap.map(|cap| {
            format!("insert into brand_cap (brand_id, carrier, daily_segments) values ('{ID}', 't-mobile', {cap})")
        }));
        statements.extend(rate.map(|rate| {
            format!(
                "insert into brand_rate (brand_id, carrier, segments_per_minute) values ('{ID}', 't-mobile', {rate})"
            )
        }));
        statements.push("analyze".to_owned());
        statements
    }
}
