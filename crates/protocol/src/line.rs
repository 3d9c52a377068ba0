//! Control lines: cut into words in one pass, and numbers without allocation.

/// A control line's words after its verb. No NATS line has more than five (`HMSG subject sid reply headers total`).
pub(crate) const WORDS_MAX: usize = 5;

/// What became of a control line.
pub(crate) enum Line<'a> {
    /// Its end has not arrived.
    Partial,
    /// Its words, how many they are, and how many bytes the line took with its end.
    Whole { words: [&'a [u8]; WORDS_MAX], count: usize, length: usize },
    /// Too many words, or a CR that does not end the line.
    Malformed,
    /// Longer than the limit.
    TooLong,
}

/// Cuts `input` into the words of one line, which ends with LF or CR LF and may be at most `bytes_max` long without it.
///
/// A word is anything between blanks (space, tab), so NUL and the like may stand in a subject, as `nats-server` has it.
/// A CR within the line it would take for part of a word; here the line is malformed, because such a subject
/// could not be written into a `MSG` line that every client reads the same way.
#[inline]
pub(crate) fn split(input: &[u8], bytes_max: usize) -> Line<'_> {
    let mut words: [&[u8]; WORDS_MAX] = [&[]; WORDS_MAX];
    let mut count = 0;
    let mut start = 0;
    let window = &input[..input.len().min(bytes_max.saturating_add(1))];
    let mut at = 0;
    while let Some(&byte) = window.get(at) {
        if byte > b' ' {
            at += 1;
            continue;
        }
        let end = match byte {
            b' ' | b'\t' => None,
            b'\n' => Some(at + 1),
            b'\r' => match input.get(at + 1) {
                Some(b'\n') => Some(at + 2),
                Some(_) => return Line::Malformed,
                None => return Line::Partial,
            },
            _ => {
                at += 1;
                continue;
            }
        };
        if start < at {
            if count == WORDS_MAX {
                return Line::Malformed;
            }
            words[count] = &input[start..at];
            count += 1;
        }
        if let Some(length) = end {
            return Line::Whole { words, count, length };
        }
        at += 1;
        start = at;
    }
    if at > bytes_max { Line::TooLong } else { Line::Partial }
}

/// The line up to its end, for those with one argument that may hold blanks (JSON): its text and its length with the end.
#[inline]
pub(crate) fn whole(input: &[u8], bytes_max: usize) -> Result<Option<(&[u8], usize)>, TooLong> {
    let window = &input[..input.len().min(bytes_max.saturating_add(2))];
    let Some(end) = memchr::memchr(b'\n', window) else {
        return if input.len() > bytes_max.saturating_add(1) { Err(TooLong) } else { Ok(None) };
    };
    let line = &input[..end];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > bytes_max { Err(TooLong) } else { Ok(Some((line, end + 1))) }
}

/// The line is longer than the limit.
pub(crate) struct TooLong;

/// A length or count as control lines carry it: digits only, and so few that they cannot overflow.
#[inline]
pub(crate) fn size(word: &[u8]) -> Option<usize> {
    /// `nats-server` refuses longer ones: 999 999 999 is above every payload limit.
    const DIGITS_MAX: usize = 9;
    if word.is_empty() || word.len() > DIGITS_MAX {
        return None;
    }
    let mut value = 0;
    for &byte in word {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + usize::from(digit);
    }
    Some(value)
}

/// A number of any length, saturating: for limits, where "more than fits" means "no limit".
pub(crate) fn saturating(word: &[u8]) -> Option<u64> {
    if word.is_empty() || !word.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(word.iter().fold(0, |value: u64, byte| value.saturating_mul(10).saturating_add(u64::from(byte - b'0'))))
}

/// A word as text. NATS subjects are bytes to `nats-server`, but every client library we serve takes them for UTF-8.
#[inline]
pub(crate) fn text(word: &[u8]) -> Option<&str> {
    std::str::from_utf8(word).ok()
}

/// Appends a number in decimal.
#[inline]
pub(crate) fn number(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}
