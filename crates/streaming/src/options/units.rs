//! Ports, sizes, durations and truths as people write them.

use std::time::Duration;

use super::Address;

/// What is wrong with a value, to be put after it: "expected …".
pub type Wrong = String;

/// `true`, `yes`, `on`, `1`, `t`, `enabled` and their opposites, in any case.
pub fn truth(text: &str) -> Result<bool, Wrong> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" | "t" | "enabled" | "enable" => Ok(true),
        "false" | "no" | "off" | "0" | "f" | "disabled" | "disable" => Ok(false),
        _ => Err("expected true or false".into()),
    }
}

/// A port: `Some(0)` stands for any free one, written -1, and `None` for the default, written 0.
pub fn port(text: &str) -> Result<Option<u16>, Wrong> {
    match text.parse::<i32>() {
        Ok(-1) => Ok(Some(0)),
        Ok(0) => Ok(None),
        Ok(number) => u16::try_from(number).map(Some).map_err(|_| WRONG_PORT.into()),
        Err(_) => Err(WRONG_PORT.into()),
    }
}
const WRONG_PORT: &str = "expected a port from 1 to 65535, or -1 for any free one";

/// `host:port`, `[v6]:port`, `:port` or a port alone.
pub fn address(text: &str) -> Result<(Option<String>, Option<u16>), Wrong> {
    let (host, number) = text.rsplit_once(':').unwrap_or(("", text));
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if bracketed.is_none() && host.contains(':') {
        return Err("expected host:port, an IPv6 host in brackets".into());
    }
    let number = port(number).map_err(|wrong| format!("after the host, {wrong}"))?;
    Ok((Some(bracketed.unwrap_or(host)).filter(|host| !host.is_empty()).map(str::to_owned), number))
}

/// A host alone: a name, an IPv4 address, or an IPv6 address with or without brackets.
pub fn host(text: &str) -> Result<String, Wrong> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
    if bare.is_empty() || !bare.chars().all(is_host) {
        return Err("expected a host name or an IP address".into());
    }
    if bare.contains(':') && bare.parse::<std::net::Ipv6Addr>().is_err() {
        return Err("expected a host alone; the port is another setting".into());
    }
    Ok(bare.to_owned())
}

/// A count of bytes: `1000`, `64k` (thousands), `64kb`, `64ki` and `64kib` (1 024s), likewise m, g and t.
pub fn size(text: &str) -> Result<u64, Wrong> {
    const WRONG: &str = "expected a size such as 4096, 64KB or 1GB";
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let scale: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1_000,
        "kb" | "ki" | "kib" => 1 << 10,
        "m" => 1_000_000,
        "mb" | "mi" | "mib" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" | "gi" | "gib" => 1 << 30,
        "t" => 1_000_000_000_000,
        "tb" | "ti" | "tib" => 1 << 40,
        _ => return Err(WRONG.into()),
    };
    let number: u64 = number.parse().map_err(|_| WRONG)?;
    number.checked_mul(scale).ok_or_else(|| "that is more than any disk holds".into())
}

/// A size within `least..=most`, which are named in the answer if it is not.
pub fn size_within(text: &str, least: usize, most: usize) -> Result<usize, Wrong> {
    usize::try_from(size(text)?)
        .ok()
        .filter(|size| (least..=most).contains(size))
        .ok_or_else(|| format!("expected {least} to {most} bytes"))
}

/// A size, or `None` for 0 and -1: no limit of ours.
pub fn size_or_unlimited(text: &str) -> Result<Option<u64>, Wrong> {
    if text == "-1" { Ok(None) } else { Ok(Some(size(text)?).filter(|size| *size > 0)) }
}

/// A number, or `None` for -1: no limit. Thousands may be written `64k`.
pub fn count_or_unlimited(text: &str) -> Result<Option<usize>, Wrong> {
    if text == "-1" {
        return Ok(None);
    }
    size(text)
        .ok()
        .and_then(|count| usize::try_from(count).ok())
        .map(Some)
        .ok_or_else(|| "expected a number, or -1 for no limit".into())
}

/// Go's way: `90s`, `1h30m`, `250ms`, `1.5s`. A number alone is seconds.
pub fn duration(text: &str) -> Result<Duration, Wrong> {
    const WRONG: &str = "expected a duration such as 10s, 2m or 1h30m";
    const NANOS_MAX: f64 = 9.2e18; // 292 years: what fits the signed nanoseconds all our clocks count in.
    if text.is_empty() {
        return Err(WRONG.into());
    }
    let (mut nanos, mut rest) = (0_f64, text);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let scale = match unit {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            "" if digits == text.len() => 1e9,
            _ => return Err(WRONG.into()),
        };
        nanos += number.parse::<f64>().map_err(|_| WRONG)? * scale;
        rest = tail;
    }
    if nanos > NANOS_MAX {
        return Err("that is longer than anyone waits".into());
    }
    Ok(Duration::from_secs_f64(nanos / 1e9))
}

/// A duration that is not nothing.
pub fn some_time(text: &str) -> Result<Duration, Wrong> {
    duration(text).and_then(
        |duration| {
            if duration.is_zero() { Err("expected more than 0".into()) } else { Ok(duration) }
        },
    )
}

/// A name others will see in one line: no spaces, nothing unprintable.
pub fn name(text: &str) -> Result<String, Wrong> {
    if text.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("expected a name without spaces".into());
    }
    Ok(text.to_owned())
}

/// A path; that it leads somewhere shows when it is used.
pub fn path(text: &str) -> Result<std::path::PathBuf, Wrong> {
    if text.is_empty() || text.contains('\0') { Err("expected a path".into()) } else { Ok(text.into()) }
}

/// What `address` found, over what was there.
pub fn overlay(target: &mut Address, host: Option<String>, port: u16) {
    if let Some(host) = host {
        target.host = host;
    }
    target.port = port;
}
