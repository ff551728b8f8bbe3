//! The table of where the time of `cargo xtask test` goes: its steps, the test programs and the
//! slowest tests. The times of tests are from the report that nextest writes.

use std::{
    collections::BTreeMap,
    fmt, fs,
    time::{Duration, Instant},
};

use crate::target_dir;

/// Programs and tests in the tables.
const PROGRAMS: usize = 8;
const SLOWEST: usize = 15;

/// Steps and tests with the time that they took.
#[derive(Debug, Default)]
pub(crate) struct Times {
    steps: Vec<(&'static str, Duration)>,
    tests: Vec<Test>,
}

/// A test that was run.
#[derive(Debug, Clone, PartialEq)]
struct Test {
    program: String,
    name: String,
    seconds: f64,
}

impl Times {
    /// Runs a step and keeps its time, whichever way it ends.
    pub(crate) fn step<T>(&mut self, name: &'static str, run: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let began = Instant::now();
        let ended = run();
        self.steps.push((name, began.elapsed()));
        ended
    }

    /// The same for a run of tests, with the times of each.
    pub(crate) fn tests<T>(
        &mut self,
        name: &'static str,
        run: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let report = target_dir().join("nextest/default/junit.xml");
        // The report of a run before is not this one's.
        let _absent = fs::remove_file(&report);
        let ended = self.step(name, run);
        self.tests.extend(fs::read_to_string(report).map(|report| tests(&report)).unwrap_or_default());
        ended
    }
}

/// Returns the tests of a report in `JUnit`'s form, as far as nextest writes it.
fn tests(report: &str) -> Vec<Test> {
    let tags = report.split("<testcase ").skip(1).filter_map(|rest| rest.split('>').next());
    let test = |tag: &str| {
        let attribute = |name: &str| tag.split_once(&format!("{name}=\""))?.1.split('"').next();
        Some(Test {
            program: attribute(" classname")?.to_owned(),
            name: tag.strip_prefix("name=\"")?.split('"').next()?.to_owned(),
            seconds: attribute(" time")?.parse().ok()?,
        })
    };
    tags.filter_map(test).collect()
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Duration = self.steps.iter().map(|(_, took)| *took).sum();
        writeln!(f, "| step | seconds |\n| --- | ---: |")?;
        for (name, took) in &self.steps {
            writeln!(f, "| {name} | {:.0} |", took.as_secs_f64())?;
        }
        writeln!(f, "| all | {:.0} |", all.as_secs_f64())?;
        if self.tests.is_empty() {
            return Ok(());
        }
        let mut programs: BTreeMap<&str, (usize, f64)> = BTreeMap::new();
        for test in &self.tests {
            let (count, seconds) = programs.entry(&test.program).or_default();
            *count += 1;
            *seconds += test.seconds;
        }
        let mut programs: Vec<_> = programs.into_iter().collect();
        programs.sort_by(|(_, (_, one)), (_, (_, other))| other.total_cmp(one));
        writeln!(f, "\n| test program | tests | seconds, one test after the other |\n| --- | ---: | ---: |")?;
        for (name, (count, seconds)) in programs.iter().take(PROGRAMS) {
            writeln!(f, "| `{name}` | {count} | {seconds:.0} |")?;
        }
        let mut slowest: Vec<_> = self.tests.iter().collect();
        slowest.sort_by(|one, other| other.seconds.total_cmp(&one.seconds));
        writeln!(f, "\n| slowest tests | seconds |\n| --- | ---: |")?;
        for Test { program, name, seconds } in slowest.into_iter().take(SLOWEST) {
            let program = program.rsplit("::").next().unwrap_or(program);
            writeln!(f, "| `{program} {name}` | {seconds:.0} |")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"<testsuites name="nextest-run" tests="3" time="9.1">
    <testsuite name="muster-integration-tests::api" tests="2">
        <testcase name="hours::it_waits" classname="muster-integration-tests::api" timestamp="2027-01-01T00:00:00.000+00:00" time="27.589">
        </testcase>
        <testcase name="rates::it_fails" classname="muster-integration-tests::api" time="2.5">
            <failure message="a &gt; b" type="test failure">time="7"</failure>
        </testcase>
    </testsuite>
    <testsuite name="xtask" tests="1">
        <testcase name="times::tests::a" classname="xtask" time="0.004"/>
    </testsuite>
</testsuites>"#;

    #[test]
    fn the_table_has_steps_programs_and_tests_the_slowest_first() {
        let steps = vec![("format", Duration::from_millis(1_400)), ("the suite", Duration::from_mins(15))];
        let times = Times { steps, tests: tests(REPORT) };
        assert_eq!(times.tests.len(), 3);
        assert_eq!(
            times.to_string(),
            "| step | seconds |\n| --- | ---: |\n| format | 1 |\n| the suite | 900 |\n| all | 901 |\n\n\
             | test program | tests | seconds, one test after the other |\n| --- | ---: | ---: |\n\
             | `muster-integration-tests::api` | 2 | 30 |\n| `xtask` | 1 | 0 |\n\n\
             | slowest tests | seconds |\n| --- | ---: |\n| `api hours::it_waits` | 28 |\n\
             | `api rates::it_fails` | 2 |\n| `xtask times::tests::a` | 0 |\n"
        );
    }

    #[test]
    fn a_step_that_fails_has_its_time_too() {
        let mut times = Times::default();
        let ended = times.step("build", || -> anyhow::Result<()> { anyhow::bail!("no") });
        assert_eq!(ended.map_err(|error| error.to_string()), Err("no".to_owned()));
        assert!(times.to_string().contains("| build | 0 |"));
    }
}
