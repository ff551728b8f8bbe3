//! A benchmark's output: figures with their units, ratios with their aims, and the machine.

use std::fmt;

use serde::Serialize;

/// The result of one run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    name: &'static str,
    machine: String,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    what: String,
    value: f64,
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aim: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<String>,
}

impl Report {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, machine: machine(), lines: Vec::new() }
    }

    /// A figure.
    pub(crate) fn figure(&mut self, what: impl Into<String>, value: f64, unit: &'static str) {
        self.lines.push(Line { what: what.into(), value, unit, aim: None, beside: None });
    }

    /// A figure that there is an aim for; a ratio has the unit `×`.
    pub(crate) fn aimed(&mut self, what: impl Into<String>, value: f64, unit: &'static str, aim: &'static str) {
        self.lines.push(Line { what: what.into(), value, unit, aim: Some(aim), beside: None });
    }

    /// The same with more in words.
    pub(crate) fn detailed(
        &mut self,
        what: impl Into<String>,
        value: f64,
        unit: &'static str,
        aim: &'static str,
        beside: String,
    ) {
        self.lines.push(Line { what: what.into(), value, unit, aim: Some(aim), beside: Some(beside) });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}", self.name, self.machine)?;
        for line in &self.lines {
            let decimals = if line.value.abs() < 100.0 { 2 } else { 0 };
            write!(f, "  {:<58} {:>12.decimals$} {}", line.what, line.value, line.unit)?;
            if let Some(aim) = line.aim {
                write!(f, "   (aim: {aim})")?;
            }
            match &line.beside {
                Some(beside) => writeln!(f, "   {beside}")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

/// Processors, memory, kernel.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpus = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let model = read("/proc/cpuinfo");
    let model = model.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("unknown processor", |(_, model)| model.trim());
    let memory = read("/proc/meminfo");
    let memory =
        memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse().ok());
    let gibibytes: u64 = memory.unwrap_or(0_u64) / 1024 / 1024;
    let load = read("/proc/loadavg");
    let load = load.split_whitespace().next().unwrap_or("?");
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{cpus} × {model}, {gibibytes} GiB, Linux {}, load before {load}", kernel.trim())
}
