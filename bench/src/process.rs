//! Resources that a process has used, from `/proc`.

use anyhow::Context as _;

/// Returns the most memory that a process has had resident, in MiB.
pub(crate) fn peak_mebibytes(pid: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kibibytes: f64 = line.split_whitespace().next().context("no number")?.parse()?;
    Ok(kibibytes / 1024.0)
}

/// Seconds of processor time that a process has used, in all its threads.
pub(crate) fn cpu_seconds(pid: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in brackets, may hold spaces.
    let (_, fields) = stat.rsplit_once(')').context("no name")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).context("too short")?.parse::<u64>().context("no number");
    // utime and stime are the 14th and 15th fields of all, of which two are cut off here.
    let ticks = ticks(11)? + ticks(12)?;
    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}
