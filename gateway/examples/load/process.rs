//! Processor time and memory of processes, from `/proc`.

use std::fs;

use clap::Args;

/// The processes of a gateway. Figures are sums over them, and 0 where `/proc` does not exist.
#[derive(Clone, Debug, Args)]
pub(crate) struct Watched {
    /// A process of the gateway; repeatable.
    #[arg(long = "pid", required = true)]
    pids: Vec<u32>,
}

impl Watched {
    /// Returns the resident memory in kilobytes. Pages that processes share count for each.
    pub(crate) fn resident_kb(&self) -> u64 {
        self.pids.iter().filter_map(|pid| resident_kb(*pid)).sum()
    }

    /// Returns the processor time used so far, in microseconds, in steps of 10,000.
    pub(crate) fn cpu_micros(&self) -> u64 {
        self.pids.iter().filter_map(|pid| ticks(*pid)).sum::<u64>() * MICROS_PER_TICK
    }
}

fn resident_kb(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Returns user and system time in clock ticks: the fields 14 and 15 of proc(5).
fn ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program, in parentheses, may contain spaces.
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

/// Linux counts 100 ticks per second on every architecture that it reports them for.
const MICROS_PER_TICK: u64 = 10_000;
