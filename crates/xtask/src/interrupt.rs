//! Ctrl-C and SIGTERM: noted at once, heeded where it can be done in order.

use std::error::Error;
use std::fmt::{self, Display};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// What a shell reports for a program that Ctrl-C ended.
const EXIT_CODE: i32 = 130;

/// Whether somebody wants us to end. The default never hears of it, and leaves us to the operating system.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on the first signal is only noted. The second ends us on the spot: the keepers go on.
    pub fn hear() -> anyhow::Result<Self> {
        let heard = Self::default();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            flag::register_conditional_shutdown(signal, EXIT_CODE, Arc::clone(&heard.0))?;
            flag::register(signal, Arc::clone(&heard.0))?;
        }
        Ok(heard)
    }

    /// Whether it was heard.
    pub fn is_heard(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Fails if it was heard.
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.is_heard() { Err(Interrupted) } else { Ok(()) }
    }
}

/// Nothing went wrong: somebody wants us to end.
#[derive(Debug)]
pub struct Interrupted;

impl Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl Error for Interrupted {}
