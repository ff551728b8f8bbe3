//! Homes of agents, made of the facts that one look has brought.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use muster_domain::{
    goals::{
        availability::Work,
        batch::BatchKind,
        goal::{AssignmentStrategy, GoalStatus},
        home::{BatchFacts, ReplyFacts},
    },
    ids::{GoalId, GroupId, MemberId},
    zone::Zone,
};
use muster_storage::{
    goals::home::{HeldBatch, HomeFacts, HomeGoal as Stored, Left, OpenBatches, UnreadThreads},
    tenancy::members::Member,
};

use crate::agent::home::body::{Home, HomeBatch, HomeGoal, HomeGroup, HomeReplies, HomeWorkflow, decided};

/// The facts, by their goals and groups.
#[derive(Debug)]
pub(crate) struct Facts<'f> {
    facts: &'f HomeFacts,
    goals: HashMap<GroupId, Vec<&'f Stored>>,
    batches: HashMap<GoalId, Vec<&'f OpenBatches>>,
    in_hand: HashMap<(MemberId, GoalId), Vec<&'f HeldBatch>>,
    unread: HashMap<GroupId, Vec<&'f UnreadThreads>>,
    /// When the hours open in the zone of each goal; absent while they are open.
    hours: HashMap<GoalId, DateTime<Utc>>,
    left: &'f HashMap<GoalId, Vec<Left>>,
}

impl<'f> Facts<'f> {
    pub(crate) fn new(facts: &'f HomeFacts, left: &'f HashMap<GoalId, Vec<Left>>) -> Self {
        let mut goals = HashMap::<_, Vec<_>>::new();
        for goal in &facts.goals {
            goals.entry(goal.group_id).or_default().push(goal);
        }
        let mut batches = HashMap::<_, Vec<_>>::new();
        for open in &facts.batches {
            batches.entry(open.goal_id).or_default().push(open);
        }
        let mut in_hand = HashMap::<_, Vec<_>>::new();
        for held in &facts.in_hand {
            in_hand.entry((held.agent_id, held.goal_id)).or_default().push(held);
        }
        let mut unread = HashMap::<_, Vec<_>>::new();
        for threads in &facts.unread {
            unread.entry(threads.group_id).or_default().push(threads);
        }
        Self { facts, goals, batches, in_hand, unread, hours: hours(facts), left }
    }

    /// Returns an agent's home.
    pub(crate) fn home(&self, agent: &Member) -> Home {
        let mut own: Vec<GroupId> = agent.groups.clone();
        own.sort_unstable();
        let mut goals: Vec<&Stored> = own.iter().filter_map(|group| self.goals.get(group)).flatten().copied().collect();
        let now = self.facts.now;
        goals.sort_by_key(|goal| {
            let status = goal.clock.status(now);
            (status != GoalStatus::Active, status == GoalStatus::Completed, goal.clock.closes_at, goal.id)
        });
        let groups: Vec<HomeGroup> = own
            .iter()
            .map(|group_id| {
                let threads =
                    self.unread.get(group_id).into_iter().flatten().copied().filter(|threads| threads.allowed);
                HomeGroup { group_id: *group_id, replies: self.replies(agent, &[*group_id], None, threads) }
            })
            .collect();
        let all = own.iter().filter_map(|group| self.unread.get(group)).flatten().copied();
        let replies = self.replies(agent, &own, None, all.filter(|threads| threads.allowed));
        Home { replies, groups, goals: goals.into_iter().map(|goal| self.goal(agent, goal)).collect() }
    }

    fn has_number(&self, agent: &Member, groups: &[GroupId]) -> bool {
        groups.iter().any(|group| self.facts.numbers.contains(&(*group, agent.id)))
    }

    /// Returns unread conversations for an agent: of a goal, or of groups.
    fn replies(
        &self,
        agent: &Member,
        groups: &[GroupId],
        goal: Option<&Stored>,
        threads: impl Iterator<Item = &'f UnreadThreads>,
    ) -> HomeReplies {
        let (mut waiting, mut in_hand, mut oldest_at, mut held_until) = (0, 0, None::<DateTime<Utc>>, None);
        let earlier = |one: Option<DateTime<Utc>>, other: DateTime<Utc>| Some(one.map_or(other, |one| one.min(other)));
        for threads in threads {
            match threads.held_by {
                Some(holder) if holder == agent.id => {
                    in_hand += threads.threads;
                    held_until = threads.held_until.and_then(|until| earlier(held_until, until)).or(held_until);
                }
                None if threads.assigned_to.is_none_or(|assigned| assigned == agent.id) => waiting += threads.threads,
                Some(_) | None => continue,
            }
            oldest_at = earlier(oldest_at, threads.oldest);
        }
        let now = self.facts.now;
        let facts = ReplyFacts {
            available: goal.map_or(Ok(()), |goal| goal.moment(now).availability(Work::Unread)),
            opens_at: goal.map_or(now, |goal| goal.clock.opens_at),
            has_number: self.has_number(agent, groups),
            waiting,
            in_hand,
        };
        let (can, why_not, until) = decided(facts.decide(now));
        HomeReplies { can, why_not, until, waiting, oldest_at, in_hand, held_until }
    }

    fn goal(&self, agent: &Member, goal: &'f Stored) -> HomeGoal {
        let moment = goal.moment(self.facts.now);
        let threads = self.unread.get(&goal.group_id).into_iter().flatten().copied();
        let threads = threads.filter(|threads| threads.goal_id == Some(goal.id));
        HomeGoal {
            id: goal.id,
            group_id: goal.group_id,
            name: goal.name.clone(),
            instructions: goal.instructions.clone(),
            status: moment.status,
            opens_at: goal.clock.opens_at,
            closes_at: goal.clock.closes_at,
            allows: Work::ALL.iter().copied().filter(|work| moment.allows(*work)).collect(),
            initial: self.workflow(agent, goal, BatchKind::Initial),
            reminder: self.workflow(agent, goal, BatchKind::Reminder),
            replies: self.replies(agent, &[goal.group_id], Some(goal), threads),
        }
    }

    fn workflow(&self, agent: &Member, goal: &Stored, kind: BatchKind) -> HomeWorkflow {
        let mine_or_any = |assigned: Option<MemberId>| assigned.is_none_or(|assigned| assigned == agent.id);
        let in_hand = self.in_hand.get(&(agent.id, goal.id)).into_iter().flatten().find(|held| held.kind == kind);
        let open = self.batches.get(&goal.id).into_iter().flatten();
        let (mut released, mut held, mut with_others_until) = (0, 0, None::<DateTime<Utc>>);
        for open in open.filter(|open| open.kind == kind && mine_or_any(open.assigned_to)) {
            released += open.released;
            held += open.held;
            with_others_until = match (with_others_until, open.lease_ends_at) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        let reminders = kind == BatchKind::Reminder;
        let now = self.facts.now;
        let work = if reminders { Work::Reminders } else { Work::Initials };
        let facts = BatchFacts {
            available: goal.moment(now).availability(work),
            opens_at: goal.clock.opens_at,
            reminders,
            reminder_window: goal.reminder_window,
            has_number: self.has_number(agent, &[goal.group_id]),
            partitioned: goal.partitioned,
            in_hand: in_hand.is_some(),
            released,
            held,
            with_others_until,
            next_release: goal.next_release,
            hours_open_at: self.hours.get(&goal.id).copied(),
        };
        let workable = facts.decide(now);
        let (can, why_not, until) = decided(workable.step);
        let counted = self.left.get(&goal.id).map(|left| left.iter().filter(|left| left.kind == kind));
        let sum = |of: &dyn Fn(Option<MemberId>) -> bool| {
            let left = counted.clone()?.filter(|left| of(left.assigned_to));
            Some(left.map(|left| left.contacts).sum::<i64>())
        };
        let left = sum(&mine_or_any);
        let mine = match goal.strategy {
            AssignmentStrategy::Assigned => sum(&|assigned| assigned == Some(agent.id)),
            AssignmentStrategy::Anyone => left.map(|_| in_hand.map_or(0, |held| held.left)),
        };
        let batch = in_hand.map(|held| HomeBatch {
            id: held.id,
            number: held.number,
            expires_at: held.expires_at,
            seconds_left: 0,
            left: held.left,
        });
        HomeWorkflow { can, why_not, until, texts_wait_until: workable.texts_wait_until, left, mine, batch }
    }
}

/// Returns when the sending hours of goals open that are closed now: once for each zone and window.
fn hours(facts: &HomeFacts) -> HashMap<GoalId, DateTime<Utc>> {
    let mut known = BTreeMap::new();
    let mut closed = HashMap::new();
    for goal in &facts.goals {
        let Some(settings) = facts.settings.get(&goal.organization_id) else { continue };
        let hours = settings.sending_hours;
        let opens = *known.entry((goal.zone.as_str(), hours.opens_minute, hours.closes_minute)).or_insert_with(|| {
            let zone = Zone::parse(&goal.zone).ok()?;
            hours.next_in_all(&[zone], facts.now).filter(|opens| *opens > facts.now)
        });
        closed.extend(opens.map(|opens| (goal.id, opens)));
    }
    closed
}
