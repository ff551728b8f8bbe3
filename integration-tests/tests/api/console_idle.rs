//! Agents' open screens, while nothing happens: they share their looks at the database.

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use muster_integration_tests::{World, eventually, holds, open_goal, seconds};
use reqwest::Method;
use serde_json::json;

/// Screens, each an agent's own.
const SCREENS: usize = 40;
/// Statements that are waited for: those of several looks.
const COUNTED: usize = 60;
/// Statements a second that all screens may cost together. A look is made every two seconds.
const A_SECOND: usize = 15;
/// Statements that may come at once.
const AT_ONCE: usize = 20;

/// Statements that the api has made: sqlx logs each, and the log goes here.
static STATEMENTS: AtomicUsize = AtomicUsize::new(0);

struct Counted;

impl io::Write for Counted {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if std::thread::current().name() == Some("api") {
            STATEMENTS.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Screens that looked by themselves would make [`COUNTED`] statements within a fraction of a
/// second. A slow machine makes fewer statements a second and never more.
#[tokio::test]
async fn open_screens_of_agents_cost_few_statements_while_nothing_happens() {
    let log = tracing_subscriber::fmt().with_env_filter("sqlx::query=debug").with_writer(|| Counted);
    log.try_init().unwrap();
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let id = ours.draft(&group, open_goal(&world, json!({})).await).await;
            ours.goal_act(&id, "launch").await;
            let mut screens = Vec::new();
            for _ in 0..SCREENS {
                let browser = world.signed_in(&ours.agent(&group).await.0.id).await;
                let mut screen = browser.request(Method::GET, "/text/events").send().await.unwrap();
                let first = screen.chunk().await.unwrap().expect("a screen has its first parts");
                assert!(first.starts_with(b"event: parts"), "{}", String::from_utf8_lossy(&first));
                screens.push(screen);
            }
            let (began, before) = (Instant::now(), STATEMENTS.load(Ordering::Relaxed));
            let counted = eventually(seconds(60), async || {
                let counted = STATEMENTS.load(Ordering::Relaxed) - before;
                holds(counted >= COUNTED, counted).map(|()| counted)
            })
            .await;
            let whole_seconds = usize::try_from(began.elapsed().as_secs()).unwrap();
            let most = AT_ONCE + A_SECOND * whole_seconds;
            assert!(counted <= most, "{SCREENS} screens made {counted} statements in {whole_seconds} s");
        })
        .await;
}
