//! What the system reports about this process: files, memory and its limit. Everything is `None`
//! where the system has no `/proc`.

use std::fs;
use std::path::Path;

/// Returns how many files this process has open, sockets included.
pub(crate) fn open_files() -> Option<usize> {
    // Linux 6.2 and later report their number as the size of the folder. Listing thousands of
    // connections for each reading of the metrics took 3 % of the time of all deliveries.
    let size = fs::metadata("/proc/self/fd").ok()?.len();
    match usize::try_from(size) {
        Ok(count @ 1..) => Some(count),
        // Without the one of the folder that is read.
        _ => fs::read_dir("/proc/self/fd").ok().map(|files| files.count().saturating_sub(1)),
    }
}

/// Returns the memory that this process occupies, in bytes.
pub(crate) fn resident_bytes() -> Option<u64> {
    resident(&fs::read_to_string("/proc/self/status").ok()?)
}

/// Returns the memory that the control group of this process, usually its container, may use.
#[must_use]
pub fn memory_limit() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let root = Path::new("/sys/fs/cgroup");
    let folder = root.join(own);
    // Each group above may limit it too. A container often sees itself as the root.
    let above = folder.ancestors().take_while(|folder| folder.starts_with(root));
    above.filter_map(|folder| limit(&fs::read_to_string(folder.join("memory.max")).ok()?)).min()
}

fn resident(status: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    value.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

fn limit(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_linux_writes() {
        assert_eq!(resident("Name:\tx\nVmRSS:\t    5124 kB\nVmData:\t1 kB\n"), Some(5_124 << 10));
        assert_eq!(resident("VmRSS:\tmany kB\n"), None);
        assert_eq!((limit("1073741824\n"), limit("max\n")), (Some(1 << 30), None));
        if Path::new("/proc/self/fd").exists() {
            let before = open_files().expect("a number");
            let held: Vec<_> =
                (0..100).filter_map(|_| fs::File::open("/proc/self/stat").ok()).collect();
            // Other tests open and close files meanwhile.
            let more = open_files().expect("a number").saturating_sub(before);
            assert!(held.len() == 100 && (50..150).contains(&more), "{more} more than {before}");
            assert!(resident_bytes().is_some_and(|bytes| bytes > 1 << 20));
        }
    }
}
