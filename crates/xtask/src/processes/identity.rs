//! Which process a number means: a number is given to another process once its own has ended.

use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::Pid;

/// Notes in `file` that process `pid` runs.
pub fn note(file: &Path, pid: u32) -> std::io::Result<()> {
    fs::write(file, format!("{pid} {}\n", since(pid).unwrap_or_default()))
}

/// The process that is noted in `file`, if that very process still runs.
pub fn still_runs(file: &Path) -> Option<Pid> {
    let text = fs::read_to_string(file).ok()?;
    let (pid, noted) = text.trim_end().split_once(' ')?;
    let pid: u32 = pid.parse().ok()?;
    (!noted.is_empty() && since(pid)? == noted).then_some(())?;
    Pid::from_raw(pid.try_into().ok()?)
}

/// When process `pid` was started, in words that are good for comparing only. `None` if there is none.
fn since(pid: u32) -> Option<String> {
    if let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) {
        // The second field is the program's name in parentheses, which may itself contain any of both. The 22nd is the time.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        return (fields.first() != Some(&"Z")).then(|| fields.get(19).map(ToString::to_string))?;
    }
    let told = Command::new("ps").args(["-o", "lstart=", "-p", &pid.to_string()]).output().ok()?;
    let told = String::from_utf8_lossy(&told.stdout).trim().to_owned();
    (!told.is_empty()).then_some(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_process_is_known_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("me.pid");
        note(&file, std::process::id()).unwrap();
        assert_eq!(still_runs(&file), Some(rustix::process::getpid()));
    }

    #[test]
    fn a_number_that_was_given_to_another_process_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("me.pid");
        for text in [format!("{} 1\n", std::process::id()), format!("{} \n", std::process::id()), String::new()] {
            fs::write(&file, text).unwrap();
            assert_eq!(still_runs(&file), None);
        }
    }

    #[test]
    fn a_process_that_ended_does_not_run() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("it.pid");
        let mut child = Command::new("sleep").arg("100").spawn().unwrap();
        note(&file, child.id()).unwrap();
        assert!(still_runs(&file).is_some());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(still_runs(&file), None);
    }
}
