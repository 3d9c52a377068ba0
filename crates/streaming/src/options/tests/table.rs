//! The table agrees with itself, with the defaults and with `--help`.

use std::collections::BTreeSet;

use super::super::settings::{self, Take};
use super::super::{Draft, Origin, command_line};
use super::*;

#[test]
fn defaults_in_help_are_the_defaults() {
    for setting in settings::all().filter(|setting| !setting.default.is_empty()) {
        let mut draft = Draft::default();
        let origin = || Origin::CommandLine(setting.name.into());
        command_line::set(&mut draft, setting, setting.default, origin).expect(setting.name);
        assert_eq!(draft.finish().expect(setting.name), Options::default(), "{} = {}", setting.name, setting.default);
    }
}

#[test]
fn no_name_and_no_key_is_there_twice() {
    let names = settings::all().flat_map(|setting| setting.aliases.iter().copied().chain([setting.name]));
    let keys = settings::all().flat_map(|setting| setting.keys.iter().copied());
    for words in [names.filter(|name| !name.is_empty()).collect::<Vec<_>>(), keys.collect()] {
        let distinct: BTreeSet<_> = words.iter().collect();
        assert_eq!(distinct.len(), words.len(), "{words:?}");
    }
}

#[test]
fn keys_are_lower_case_because_they_are_compared_so() {
    for key in settings::all().flat_map(|setting| setting.keys) {
        assert_eq!(key.to_lowercase(), *key);
    }
}

#[test]
fn a_key_in_a_block_has_a_block_to_stand_in() {
    for key in settings::all().flat_map(|setting| setting.keys) {
        if let Some((block, _)) = key.rsplit_once('.') {
            let known = settings::by_key(block).map(|setting| &setting.take);
            assert!(matches!(known, Some(Take::Block(_) | Take::Flag(_))), "{key}");
        }
    }
}

#[test]
fn help_shows_every_option_and_fits_a_terminal() {
    let Ok(Parsed::Print(help)) = parse(&["--help"], &[], &[]) else { panic!("no help") };
    let shown = settings::GROUPS.iter().filter(|(group, _)| !group.is_empty()).flat_map(|(_, settings)| *settings);
    for setting in shown {
        assert!(!setting.name.is_empty() || setting.in_environment || setting.keys.len() == 1);
        assert!(setting.name.is_empty() || help.contains(&format!("-{}", setting.name)), "{}", setting.name);
        assert!(setting.name.is_empty() || !setting.help.is_empty(), "{} is not explained", setting.name);
    }
    for line in help.lines() {
        assert!(line.chars().count() <= 124 && line.trim_end() == line, "{line:?}");
    }
}
