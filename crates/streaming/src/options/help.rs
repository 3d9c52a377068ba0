//! `--help`, made from the table.

use std::fmt::Write;

use super::command_line::dashes;
use super::settings::{GROUPS, Setting, Take};

/// Where the explanations begin.
const COLUMN: usize = 38;

/// All of it.
pub fn help() -> String {
    let mut text = String::from(HEAD);
    let mut only_file = String::new();
    for (group, settings) in GROUPS {
        if group.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{group}"); // Writing to a String does not fail.
        for setting in *settings {
            if matches!(setting.take, Take::Tree(_)) {
                line(&mut only_file, setting.keys[0], setting);
            } else if !setting.name.is_empty() {
                line(&mut text, &names(setting), setting);
            }
        }
    }
    let _ = write!(text, "{TAIL}{only_file}");
    text
}

const HEAD: &str = "\
streaming-server: NATS with streams, in one process

Usage: streaming-server [options]
       streaming-server admin <command>      Delete channels, durables, clients; see admin --help
       streaming-server bench [options]      Measure a server; see bench --help
       streaming-server import <store>       Take over a store of NATS Streaming; see import --help
       streaming-server pub <channel> <data> Publish to a channel of NATS Streaming; see pub --help
       streaming-server sub <channel>        Listen to one; see sub --help
";

const TAIL: &str = "
Each option may be written with one dash or two, its value after a space or an equals sign.

Environment
  STREAMING_<OPTION>                  Each option by its last name above, in capitals: STREAMING_PORT=4333,
                                      STREAMING_JETSTREAM=true. The command line overrules it, it overrules the file

Configuration file
  NATS' own syntax and names: key: value, blocks { }, lists [ ], # comments, $VARIABLE, include \"file\".
  JetStream's keys stand in jetstream { }, the others' in authorization { } and tls { }, the rest at the top.
  Only there:
";

/// `  -p, --port <port>`
fn names(setting: &Setting) -> String {
    let names: Vec<_> =
        setting.aliases.iter().chain([&setting.name]).map(|name| format!("{}{name}", dashes(name))).collect();
    format!("{} {}", names.join(", "), setting.value).trim_end().to_owned()
}

fn line(text: &mut String, names: &str, setting: &Setting) {
    let default = match setting.default {
        "" | "false" => String::new(),
        default => format!(" (default: {default})"),
    };
    let help = format!("{}{default}", setting.help);
    let mut lines = help.lines();
    let first = lines.next().unwrap_or_default();
    let _ = if names.len() + 3 > COLUMN {
        writeln!(text, "  {names}\n{:COLUMN$}{first}", "")
    } else {
        writeln!(text, "{:COLUMN$}{first}", format!("  {names}"))
    };
    for line in lines {
        let _ = writeln!(text, "{:COLUMN$}{line}", "");
    }
}
