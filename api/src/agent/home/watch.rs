//! The look at the homes of all agents that listen: a fixed number of statements, however many they
//! are.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use muster_domain::ids::{GoalId, MemberId};
use muster_storage::{
    goals::home::{self, Left},
    tenancy::members::Member,
};
use tokio::sync::Mutex as Turn;

use crate::{
    agent::home::{body::Home, build::Facts},
    looks::{Look, Looks},
    problem::Problem,
    state::Api,
};

/// Interval of looks, shared by all that listen.
pub(crate) const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// Goals with contacts that one look counts: those first that were counted longest ago.
const COUNTED_GOALS_LIMIT: usize = 50;

/// Homes of agents at an instant.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The instant, by the database's clock.
    pub(crate) at: DateTime<Utc>,
    pub(crate) homes: HashMap<MemberId, Arc<Home>>,
}

/// Agents that listen, with the number of their streams, and the look that they share.
#[derive(Debug, Default)]
pub(crate) struct Homes {
    listening: Mutex<HashMap<MemberId, (usize, Member)>>,
    looks: Looks<(), Arc<Seen>>,
    left: Turn<LeftCounts>,
}

impl Homes {
    /// Begins to listen for an agent.
    pub(crate) fn listen(self: &Arc<Self>, agent: &Member) -> HomeListener {
        self.change(|listening| listening.entry(agent.id).or_insert_with(|| (0, agent.clone())).0 += 1);
        HomeListener { all: Arc::clone(self), look: self.looks.listen(()), agent_id: agent.id }
    }

    fn change<T>(&self, change: impl FnOnce(&mut HashMap<MemberId, (usize, Member)>) -> T) -> T {
        change(&mut self.listening.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One stream's part in the look, until it is dropped.
#[derive(Debug)]
pub(crate) struct HomeListener {
    all: Arc<Homes>,
    look: Look<Arc<Seen>>,
    agent_id: MemberId,
}

impl HomeListener {
    /// Returns the homes of all that listen, at most an interval old. The agent may be missing in a
    /// look that was made before they came. `agent` is the member as they are now.
    pub(crate) async fn seen(&self, api: &Api, agent: &Member) -> Result<Arc<Seen>, Problem> {
        self.all.change(|listening| {
            if let Some((_, known)) = listening.get_mut(&agent.id) {
                known.clone_from(agent);
            }
        });
        let ask = async {
            let agents: Vec<_> =
                self.all.change(|listening| listening.values().map(|(_, agent)| agent.clone()).collect());
            let mut left = self.all.left.lock().await;
            look(api, &agents, &mut left).await.map(Arc::new)
        };
        // A little less, so that the next stream does not find it just fresh enough.
        let (_, seen) = self.look.at(LOOK_INTERVAL * 9 / 10, ask).await?;
        Ok(seen)
    }
}

impl Drop for HomeListener {
    fn drop(&mut self) {
        self.all.change(|listening| {
            if let Some((streams, _)) = listening.get_mut(&self.agent_id) {
                *streams -= 1;
                if *streams == 0 {
                    listening.remove(&self.agent_id);
                }
            }
        });
    }
}

/// Looks at the homes of these agents.
pub(crate) async fn look(api: &Api, agents: &[Member], left: &mut LeftCounts) -> Result<Seen, Problem> {
    let mut tx = api.pool.begin().await?;
    let facts = home::facts(&mut tx, agents).await?;
    let due = left.due(home::active(&facts.goals, facts.now).collect());
    let counted = home::left(&mut tx, &due).await?;
    tx.rollback().await?;
    left.keep(&due, counted);
    let by_goal = left.by_goal();
    let built = Facts::new(&facts, &by_goal);
    let homes = agents.iter().map(|agent| (agent.id, Arc::new(built.home(agent)))).collect();
    Ok(Seen { at: facts.now, homes })
}

/// The last counts of contacts that are left, by goal. Counting reads all contacts of a goal: a
/// look counts some goals, and tells the others as they were.
#[derive(Debug, Default)]
pub(crate) struct LeftCounts {
    round: u64,
    counts: HashMap<GoalId, (u64, Vec<Left>)>,
}

impl LeftCounts {
    /// Returns the goals that this look counts, and forgets those that are active no more.
    fn due(&mut self, mut active: Vec<GoalId>) -> Vec<GoalId> {
        self.round += 1;
        let known: HashSet<_> = active.iter().copied().collect();
        self.counts.retain(|goal, _| known.contains(goal));
        active.sort_by_key(|goal| (self.counts.get(goal).map_or(0, |(round, _)| *round), *goal));
        active.truncate(COUNTED_GOALS_LIMIT);
        active
    }

    fn keep(&mut self, due: &[GoalId], counted: Vec<Left>) {
        for goal in due {
            self.counts.insert(*goal, (self.round, Vec::new()));
        }
        for left in counted {
            if let Some((_, of_goal)) = self.counts.get_mut(&left.goal_id) {
                of_goal.push(left);
            }
        }
    }

    fn by_goal(&self) -> HashMap<GoalId, Vec<Left>> {
        self.counts.iter().map(|(goal, (_, left))| (*goal, left.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use muster_domain::goals::batch::BatchKind;
    use uuid::Uuid;

    use super::*;

    fn goal(nth: u128) -> GoalId {
        GoalId(Uuid::from_u128(nth))
    }

    #[test]
    fn a_look_counts_some_goals_and_all_have_their_turn() {
        let mut counts = LeftCounts::default();
        let all = || (0..120).map(goal).collect::<Vec<_>>();
        let mut seen = HashSet::new();
        for _ in 0..3 {
            let due = counts.due(all());
            assert_eq!(due.len(), 50);
            let left =
                |goal_id: &GoalId| Left { goal_id: *goal_id, kind: BatchKind::Initial, assigned_to: None, contacts: 7 };
            counts.keep(&due, due.iter().map(left).collect());
            seen.extend(due);
        }
        assert_eq!(seen.len(), 120);
        assert!(counts.by_goal().values().all(|left| left.len() == 1));
        // A count replaces the one before, and one without contacts is none.
        let due = counts.due(vec![goal(3)]);
        counts.keep(&due, Vec::new());
        assert_eq!(counts.by_goal(), HashMap::from([(goal(3), Vec::new())]));
    }
}
