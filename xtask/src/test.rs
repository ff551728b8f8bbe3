//! `cargo xtask test`: the checks of continuous integration, in the order in which they fail
//! soonest.

use std::process::Command;

use anyhow::bail;

use crate::{
    build_binaries, cargo, chapters, imports, local_stack, modules,
    newest::{self, Tests},
    outside, prepare, root, rules, run as execute, sizes,
    times::Times,
    words,
};

pub(crate) fn run(rest: &[String]) -> anyhow::Result<()> {
    let mut times = Times::default();
    let ended = match rest {
        [] => everything(&mut times, false),
        [flag] if flag == "--strict" => everything(&mut times, true),
        [flag] if flag == "--fast" => suite(&mut times),
        [flag] if flag == "--containers" => {
            build(&mut times).and_then(|()| times.tests("tests on the newest servers", || newest::run(Tests::All)))
        }
        _ => bail!("test takes --strict, --fast, --containers or nothing"),
    };
    eprintln!("\n{times}");
    ended
}

fn everything(times: &mut Times, is_strict: bool) -> anyhow::Result<()> {
    run_checks(times)?;
    times.step("alerts", || outside::ALERTS.run_where_possible(is_strict))?;
    times.step("a collector", || outside::COLLECTOR.run_where_possible(is_strict))?;
    times.step("the bill of materials", || outside::BILL.run_where_possible(is_strict))?;
    times.step("systemd units", || outside::UNITS.run_where_possible(is_strict))?;
    suite(times)?;
    times.step("the Helm chart", || outside::CHART.run_where_possible(is_strict))?;
    times.step("sign-in at an identity provider", || outside::OIDC.run_where_possible(is_strict))?;
    times.step("a day through the API", || outside::DAY.run_where_possible(is_strict))?;
    times.step("the console in a browser", || outside::CONSOLE.run_where_possible(is_strict))?;
    times.tests("tests on the newest servers", || newest::run_where_possible(is_strict))
}

fn run_checks(times: &mut Times) -> anyhow::Result<()> {
    times.step("format", || {
        execute(cargo().args(["fmt", "--all", "--check"]))?;
        execute(cargo().args(["fmt", "--manifest-path", "integration-tests/newest/Cargo.toml", "--check"]))
    })?;
    times.step("imports, sizes, rules, words", || {
        imports::check()?;
        chapters::check()?;
        modules::check()?;
        sizes::check()?;
        rules::check()?;
        words::check()
    })?;
    // One pass for both.
    times.step("clippy and the query cache", || prepare::check(prepare::CLIPPY))?;
    times.step("docs", || {
        execute(cargo().args(["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    times.step("docs' examples", || execute(cargo().args(["test", "--workspace", "--doc", "--quiet"])))
}

/// Builds everything and runs the tests on this machine's servers.
fn suite(times: &mut Times) -> anyhow::Result<()> {
    build(times)?;
    times.tests("tests", on_this_machine)
}

/// Builds the programs and, with nextest, the tests, so that their run is no more than that.
fn build(times: &mut Times) -> anyhow::Result<()> {
    times.step("build", || {
        build_binaries()?;
        if has_nextest() { execute(cargo().args(["nextest", "run", "--workspace", "--no-run"])) } else { Ok(()) }
    })
}

fn on_this_machine() -> anyhow::Result<()> {
    // One Postgres and one RabbitMQ for the whole run; each test has a database and a vhost of its
    // own.
    let mut tests = local_stack();
    tests.args(["run", "--", "cargo"]).env("SQLX_OFFLINE", "true").env_remove("DATABASE_URL");
    trust_nothing_outside(&mut tests);
    if let Some(folder) = folder_in_memory() {
        tests.env("TMPDIR", folder);
    }
    if has_nextest() {
        tests.args(["nextest", "run", "--workspace", "--no-fail-fast", "--test-threads", &test_threads()]);
    } else {
        tests.args(["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"]);
    }
    execute(&mut tests)
}

/// Tells the tests' clients of one root certificate. Each client of each daemon of each test reads
/// all that the machine trusts otherwise, and none of them talks to anything but this machine.
pub(crate) fn trust_nothing_outside(tests: &mut Command) {
    tests.env("SSL_CERT_FILE", root().join("integration-tests/roots.pem")).env_remove("SSL_CERT_DIR");
}

/// Returns where the servers' data and the tests' files are when nobody says otherwise: in memory,
/// where there is enough of it. A server that syncs its disk for each of many small databases and
/// queues waits more than it works. Killed servers keep their data there too: it ends with the
/// machine, and no test ends that.
fn folder_in_memory() -> Option<&'static str> {
    const FOLDER: &str = "/dev/shm";
    const KIB: u64 = 6 * 1024 * 1024;
    if std::env::var_os("TMPDIR").is_some() {
        return None;
    }
    let free = Command::new("df").args(["-Pk", FOLDER]).output().ok().filter(|output| output.status.success())?;
    let free = String::from_utf8(free.stdout).ok()?.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok()?;
    let memory = std::fs::read_to_string("/proc/meminfo").ok()?;
    let memory = memory.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let memory = memory.trim().trim_end_matches(" kB").parse::<u64>().ok()?;
    (free >= KIB && memory >= KIB).then_some(FOLDER)
}

/// Tests at a time: as the environment says, else one more than there are processors, because most
/// of them wait for servers most of the time.
pub(crate) fn test_threads() -> String {
    let one_more = || (std::thread::available_parallelism().map_or(1, usize::from) + 1).to_string();
    std::env::var("NEXTEST_TEST_THREADS").unwrap_or_else(|_| one_more())
}

pub(crate) fn has_nextest() -> bool {
    Command::new("cargo").args(["nextest", "--version"]).output().is_ok_and(|output| output.status.success())
}
