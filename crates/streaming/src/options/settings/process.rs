//! What the process does other than serve, and what it leaves behind to be found by.

use super::Setting;
use crate::options::draft::Asked;
use crate::options::units;

pub static SETTINGS: &[Setting] = &[
    Setting::flag("t", |draft, on| draft.ask(Asked::Test, on))
        .only_typed()
        .help("Check the configuration and exit"),
    Setting::text("signal", "<signal>[=<pid>]", |draft, text| {
        draft.signal = Some(text.parse()?);
        Ok(())
    })
    .or(&["sl"])
    .only_typed()
    .help("Tell a running server to stop (at once), quit, term, reopen its log, reload its\nconfiguration, or ldm (lame duck: leave slowly). <pid> is a number or a pid file"),
    Setting::text("pid", "<file>", |draft, text| {
        draft.options.pid_file = Some(units::path(text)?);
        Ok(())
    })
    .or(&["P"])
    .keys(&["pid_file", "pidfile"])
    .help("Write the process id to this file"),
    Setting::text("ports_file_dir", "<dir>", |draft, text| {
        draft.options.ports_file_dir = Some(units::path(text)?);
        Ok(())
    })
    .keys(&["ports_file_dir"])
    .help("Write where we listen to <dir>/nats-server_<pid>.ports"),
    Setting::text("worker_threads", "<number>", |draft, text| {
        const MOST: u64 = 1024;
        draft.options.worker_threads = match units::size(text).ok().filter(|threads| *threads <= MOST) {
            Some(0) => None,
            Some(threads) => usize::try_from(threads).ok(),
            None => return Err(format!("expected 0 to {MOST} threads")),
        };
        Ok(())
    })
    .keys(&["worker_threads"])
    .default("0")
    .help("Serve sockets with so many threads; 0 = one for two cores"),
    Setting::text("lame_duck_duration", "<duration>", |draft, text| {
        draft.options.lame_duck.duration = units::duration(text)?;
        Ok(())
    })
    .keys(&["lame_duck_duration"])
    .default("2m")
    .help("Over this time a lame duck sends its clients away"),
    Setting::text("lame_duck_grace_period", "<duration>", |draft, text| {
        draft.options.lame_duck.grace_period = units::duration(text)?;
        Ok(())
    })
    .keys(&["lame_duck_grace_period"])
    .default("10s")
    .help("before which it waits for so long"),
    Setting::flag("version", |draft, on| draft.ask(Asked::Version, on))
        .or(&["v"])
        .only_typed()
        .help("Show the version"),
    Setting::flag("help", |draft, on| draft.ask(Asked::Help, on)).or(&["h"]).only_typed().help("Show this"),
];
