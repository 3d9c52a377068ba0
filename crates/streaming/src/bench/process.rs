//! What a process has cost so far, read from Linux' `/proc`.

use std::fs;
use std::io;
use std::time::Duration;

/// Linux reports times to programs in hundredths of a second (`USER_HZ`), whatever its own clock is.
const TICKS_PER_SECOND: u64 = 100;

/// CPU time of process `pid` (`"self"` for this one), user and system, all its threads.
pub fn cpu(pid: &str) -> io::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    cpu_of(&stat).ok_or_else(|| io::Error::other("its stat file cannot be read"))
}

/// Resident memory of process `pid` in bytes.
pub fn memory_bytes(pid: &str) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    memory_of(&status).ok_or_else(|| io::Error::other("its status file cannot be read"))
}

/// Fields 14 and 15, counted after the program's name, which stands in parentheses and may hold any byte.
fn cpu_of(stat: &str) -> Option<Duration> {
    let mut fields = stat[stat.rfind(')')? + 1..].split_ascii_whitespace();
    let user: u64 = fields.nth(11)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 1000 / TICKS_PER_SECOND))
}

fn memory_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_program_does_not_shift_the_fields() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 5 0 100 1 2\n";
        assert_eq!(cpu_of(stat), Some(Duration::from_secs(3)));
        assert_eq!(cpu_of("7 (x) S 1"), None);
    }

    #[test]
    fn memory_is_told_in_bytes() {
        assert_eq!(memory_of("Name:\tx\nVmRSS:\t    12 kB\n"), Some(12 * 1024));
        assert_eq!(memory_of("Name:\tx\n"), None, "a kernel thread has none");
    }

    #[test]
    fn this_process_is_there_and_none_other_is_made_up() {
        assert!(memory_bytes("self").expect("ours") > 0);
        assert!(cpu("self").is_ok());
        assert!(cpu("0").is_err());
    }
}
