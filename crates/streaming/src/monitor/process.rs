//! The process as the operating system sees it: processor, memory, files.

use std::time::Duration;

use parking_lot::Mutex;

/// The share of a processor is measured over at least this long.
const MEASURE_TIME_MIN: i64 = 1_000_000_000;

/// Measures this process.
#[derive(Default)]
pub(super) struct Process {
    measured: Mutex<Measured>,
}

/// One measurement of the processor time used, and what came of it.
#[derive(Clone, Copy)]
struct Measured {
    at: i64,
    used: i64,
    percent: f64,
}

impl Default for Measured {
    /// Never.
    fn default() -> Self {
        Self { at: i64::MIN, used: 0, percent: 0.0 }
    }
}

impl Measured {
    /// The next measurement. What was measured just before stays: a moment's share says nothing.
    fn next(self, now: i64, used: i64) -> Self {
        let passed = now.saturating_sub(self.at);
        if self.at == i64::MIN {
            return Self { at: now, used, percent: 0.0 };
        }
        if passed < MEASURE_TIME_MIN {
            return self;
        }
        let tenths = i128::from(used - self.used) * 1000 / i128::from(passed);
        Self { at: now, used, percent: f64::from(i32::try_from(tenths).unwrap_or(i32::MAX)) / 10.0 }
    }
}

impl Process {
    /// The share of one processor used since somebody asked last, in per cent: 150 is one and a half.
    pub fn cpu_percent(&self, now: i64) -> f64 {
        let used = crate::clock::nanos(cpu_time());
        let mut measured = self.measured.lock();
        *measured = measured.next(now, used);
        measured.percent
    }
}

/// Processor time used so far, by all threads.
#[cfg(unix)]
pub(super) fn cpu_time() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(used).unwrap_or_default()
}

/// Nobody tells.
#[cfg(not(unix))]
pub(super) fn cpu_time() -> Duration {
    Duration::ZERO
}

/// Bytes of memory in use; 0 where nobody tells.
pub(super) fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    resident(&status).unwrap_or(0)
}

/// `VmRSS:     13420 kB`
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Files and sockets open; 0 where nobody tells.
pub(super) fn open_files() -> usize {
    // One of them is the folder being read.
    std::fs::read_dir("/proc/self/fd").map_or(0, |files| files.count().saturating_sub(1))
}

/// Files and sockets that may be open at a time; 0 where nobody tells, or limits it.
#[cfg(unix)]
pub(super) fn open_files_max() -> u64 {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(0)
}

/// Nobody tells.
#[cfg(not(unix))]
pub(super) fn open_files_max() -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_of_the_time_since_the_last_look() {
        const SECOND: i64 = 1_000_000_000;
        let mut measured = Measured::default();
        for (now, used, percent) in [
            (0, 5 * SECOND, 0.0),                // Nothing to compare with.
            (SECOND / 2, 6 * SECOND, 0.0),       // Too soon.
            (2 * SECOND, 8 * SECOND, 150.0),     // 3 s in 2 s.
            (2 * SECOND + 1, 9 * SECOND, 150.0), // Too soon.
            (12 * SECOND, 8 * SECOND + SECOND, 10.0),
            (22 * SECOND, 9 * SECOND, 0.0),
        ] {
            measured = measured.next(now, used);
            assert!((measured.percent - percent).abs() < 1e-9, "at {now}: {}", measured.percent);
        }
    }

    #[test]
    fn memory_is_what_is_resident() {
        assert_eq!(resident("VmSize:\t  999 kB\nVmRSS:\t   13420 kB\nThreads:\t1\n"), Some(13420 * 1024));
        assert_eq!(resident("VmSize:\t  999 kB\n"), None);
        assert_eq!(resident("VmRSS:\tmuch\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_uses_something() {
        assert!(memory() > 100 * 1024 && cpu_time() > Duration::ZERO && open_files() >= 3);
        assert!(open_files_max() >= open_files() as u64);
    }
}
