//! `muster queues`: jobs that are not over, by kind and state.

use std::collections::BTreeMap;

use muster_storage::engine::relay;

use super::pool;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print one JSON object: kinds, and in each the jobs by state.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let mut kinds: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for (kind, state, jobs) in relay::backlog(&pool()?).await? {
        kinds.entry(kind).or_default().insert(state, jobs);
    }
    if args.json {
        println!("{}", serde_json::to_string(&kinds)?);
        return Ok(());
    }
    println!("{:<20} {:>9} {:>9} {:>9} {:>9}", "kind", "pending", "published", "running", "parked");
    for (kind, states) in kinds {
        let of = |state: &str| states.get(state).copied().unwrap_or_default();
        println!("{kind:<20} {:>9} {:>9} {:>9} {:>9}", of("pending"), of("published"), of("running"), of("parked"));
    }
    Ok(())
}
