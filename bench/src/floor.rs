//! Tenants with agents at work, for `agents` and `fair`: planted as launched goals, and used
//! through the api as agents' clients do.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use muster_rehearsal::{
    agent::Request,
    client::{Answer, Client},
};
use serde_json::Value;

use crate::rig::Rig;

/// A tenant to plant: an organization of its own account, with one group, agents, and a goal for
/// all contacts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tenant {
    /// Tells it from others; below 10.
    pub(crate) number: u32,
    pub(crate) agents: u32,
    pub(crate) contacts: u32,
    /// Contacts of one batch.
    pub(crate) batch: u32,
}

impl Tenant {
    /// Returns the id of everything that there is one of.
    fn id(self) -> String {
        format!("00000000-0000-7000-800{}-000000000001", self.number)
    }

    /// Returns the path of the organization's resources.
    pub(crate) fn path(self) -> String {
        format!("/v1/organizations/{}", self.id())
    }

    /// Returns the token of a member: 0 is an admin, and agents begin at 1.
    pub(crate) fn token(self, member: u32) -> String {
        format!("bench-{}-{member}", self.number)
    }

    pub(crate) async fn plant(self, rig: &Rig) -> anyhow::Result<()> {
        for statement in self.statements() {
            rig.execute(&statement).await?;
        }
        rig.execute("checkpoint").await?;
        Ok(())
    }

    fn statements(self) -> Vec<String> {
        let Self { number, agents, contacts, batch } = self;
        let (id, area) = (self.id(), 212 + number);
        let member = format!("('00000000-0000-7000-800{number}-' || lpad(to_hex(n + 4096), 12, '0'))::uuid");
        let batch_id = format!("('00000000-0000-7001-800{number}-' || lpad(to_hex(n), 12, '0'))::uuid");
        vec![
            format!("insert into account (id, name) values ('{id}', 'Bench {number}')"),
            format!("insert into brand (id, account_id, name) values ('{id}', '{id}', 'Bench')"),
            format!(
                r#"insert into organization (id, account_id, brand_id, name, settings)
                 values ('{id}', '{id}', '{id}', 'Bench', '{{"law_strictness": "off", "number_segments_per_minute": 60000,
                     "sending_hours": {{"opens_minute": 0, "closes_minute": 1440}}}}')"#
            ),
            format!(
                "insert into contact_group (id, organization_id, name, zone, area_code)
                 values ('{id}', '{id}', 'All', 'America/New_York', '{area}')"
            ),
            format!(
                "insert into member (id, account_id, organization_id, role, first_name, last_name)
                 select {member}, '{id}', '{id}', case n when 0 then 'organization_admin' else 'agent' end, 'Ada', 'Lovelace'
                 from generate_series(0, {agents}) n"
            ),
            format!(
                "insert into token (id, member_id, secret_hash)
                 select uuid_v7(), {member}, sha256(convert_to('bench-{number}-' || n, 'UTF8')) from generate_series(0, {agents}) n"
            ),
            format!("insert into group_member (group_id, member_id) select '{id}', {member} from generate_series(1, {agents}) n"),
            format!(
                "insert into sender_number (e164, organization_id, group_id, agent_id)
                 select '+1{area}' || (5550000 + n), '{id}', '{id}', {member} from generate_series(1, {agents}) n"
            ),
            format!(
                "insert into goal (id, organization_id, group_id, name, goal_type, date_local, strategy, script, zone, opens_local,
                     closes_local, opens_at, closes_at, release_plan, launched_at, partitioned_at, created_by)
                 select '{id}', '{id}', '{id}', 'Bench', 'turnout', now(), 'anyone',
                     'Hi {{{{first_name|there}}}}, {{{{agent.first_name}}}} here. Can we count on you? Reply STOP to opt out',
                     'America/New_York', now(), now(), now() - interval '1 day', now() + interval '29 days',
                     '{{\"pace\": \"all_at_open\", \"paced_to_caps\": false}}', now(), now(), {member} from generate_series(0, 0) n"
            ),
            format!(
                "insert into batch (id, goal_id, kind, number, state)
                 select {batch_id}, '{id}', 'initial', n + 1, 'released' from generate_series(0, ({contacts} - 1) / {batch}) n"
            ),
            format!(
                "insert into contact (id, organization_id, e164, first_name, source)
                 select ('00000000-0000-7002-800{number}-' || lpad(to_hex(n), 12, '0'))::uuid, '{id}', '+1646' || (2000000 + n), 'Ada' || n,
                     'api' from generate_series(0, {contacts} - 1) n"
            ),
            format!("insert into membership (group_id, contact_id) select '{id}', id from contact where organization_id = '{id}'"),
            format!(
                "insert into target (goal_id, contact_id, position, batch_id)
                 select '{id}', ('00000000-0000-7002-800{number}-' || lpad(to_hex(c), 12, '0'))::uuid, c + 1, {batch_id}
                 from generate_series(0, {contacts} - 1) c, lateral (select c / {batch} as n) of_batch"
            ),
            "analyze".to_owned(),
        ]
    }
}

/// The outcome of requests, shared by the agents that make them.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Times of answers to claims and sends, in milliseconds, without those that were put off.
    pub(crate) claims: Mutex<Vec<f64>>,
    pub(crate) sends: Mutex<Vec<f64>>,
    /// Batches that were claimed, each time.
    pub(crate) batches: Mutex<Vec<String>>,
    /// Answers that asked to come again.
    pub(crate) put_off: AtomicU64,
    /// Answers from 500 on.
    pub(crate) failed: AtomicU64,
    /// Claims that found nothing.
    pub(crate) empty: AtomicU64,
    pub(crate) texts: AtomicU64,
}

fn push<T>(list: &Mutex<Vec<T>>, value: T) {
    list.lock().unwrap_or_else(PoisonError::into_inner).push(value);
}

/// Takes a list's contents.
pub(crate) fn taken<T>(list: &Mutex<Vec<T>>) -> Vec<T> {
    std::mem::take(&mut *list.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Asks once; returns the answer, and the milliseconds that it took.
pub(crate) async fn timed(client: &Client, request: Request) -> anyhow::Result<(Answer, f64)> {
    let began = Instant::now();
    let answer = client.call(request.method, &request.path, &request.call).await?;
    Ok((answer, began.elapsed().as_secs_f64() * 1_000.0))
}

/// How agents work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Between two requests, for agents in turn from half of it to one and a half.
    pub(crate) think: Duration,
    /// Whether texts go one by one, or a batch at once.
    pub(crate) one_by_one: bool,
}

/// One agent at work.
#[derive(Debug)]
pub(crate) struct Agent<'a> {
    client: Client,
    goal: String,
    pace: Pace,
    think: Duration,
    tally: &'a Tally,
    over: &'a AtomicBool,
}

impl<'a> Agent<'a> {
    /// Returns a tenant's agent of a number, from 1 on, with a shift that lasts until `over`.
    pub(crate) fn of(
        tenant: Tenant,
        number: u32,
        api: &Client,
        pace: Pace,
        tally: &'a Tally,
        over: &'a AtomicBool,
    ) -> Self {
        // 17 and 100 have no common divisor: neighbours think for different times.
        let think = pace.think / 2 + pace.think * (number * 17 % 100) / 100;
        let client = api.with_token(Some(&tenant.token(number)));
        Self { client, goal: tenant.id(), pace, think, tally, over }
    }

    /// Claims and sends until the shift is over.
    pub(crate) async fn work(&self) -> anyhow::Result<()> {
        tokio::time::sleep(self.think).await;
        while !self.over.load(Ordering::Relaxed) {
            let claim = Request::claim(&self.goal, "initial");
            let Some(claimed) = self.insist(&claim, &self.tally.claims).await? else { break };
            tokio::time::sleep(self.think).await;
            let batch = &claimed["batch"];
            let Some(id) = batch["id"].as_str() else {
                self.tally.empty.fetch_add(1, Ordering::Relaxed);
                continue;
            };
            push(&self.tally.batches, id.to_owned());
            let contacts: Vec<Value> =
                batch["contacts"].as_array().into_iter().flatten().map(|to| to["id"].clone()).collect();
            let at_once = if self.pace.one_by_one { 1 } else { contacts.len().max(1) };
            for contacts in contacts.chunks(at_once) {
                let send = Request::send(id, &batch["lease_token"], Some(contacts));
                let Some(sent) = self.insist(&send, &self.tally.sends).await? else { break };
                self.tally.texts.fetch_add(sent["queued"].as_u64().unwrap_or_default(), Ordering::Relaxed);
                tokio::time::sleep(self.think).await;
            }
        }
        Ok(())
    }

    /// Asks until the answer is not to come again, as late as that says; none when the shift ends
    /// first.
    async fn insist(&self, request: &Request, times: &Mutex<Vec<f64>>) -> anyhow::Result<Option<Value>> {
        while !self.over.load(Ordering::Relaxed) {
            let (answer, took_ms) = timed(&self.client, request.clone()).await?;
            if answer.is_success() {
                push(times, took_ms);
                return answer.success().map(Some);
            }
            let failed = answer.status >= 500;
            let counted = if failed { &self.tally.failed } else { &self.tally.put_off };
            counted.fetch_add(1, Ordering::Relaxed);
            anyhow::ensure!(
                failed || answer.status == 429,
                "{} answers {}: {}",
                answer.request,
                answer.status,
                answer.text
            );
            let after = answer.header("retry-after").parse().unwrap_or(1);
            tokio::time::sleep(Duration::from_secs(after)).await;
        }
        Ok(None)
    }
}

/// Returns a percentile of times; 0 of none.
pub(crate) fn percentile(times: &mut [f64], percent: usize) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default()
}
