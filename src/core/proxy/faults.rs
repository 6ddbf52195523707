//! Faults on purpose, to test how peers bear a bad network.

use std::time::{Duration, Instant};

use crate::core::Error;
use crate::core::message::Message;

/// What a proxy does to the messages that pass through it. By default nothing.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// How long each message is held back.
    pub delay: Duration,
    /// How likely a message is lost, from 0 to 1.
    pub drop: f64,
    /// How likely a message is sent twice, from 0 to 1.
    pub duplicate: f64,
    /// How likely a message is cut short, from 0 to 1: it loses its last frame,
    /// or the second half of its only one.
    pub cut: f64,
    /// Where the chances start: with the same number they fall the same way.
    pub seed: Option<u64>,
}

impl Faults {
    /// # Errors
    /// [`Error::Argument`] for a chance that is not from 0 to 1.
    pub(super) fn check(&self) -> Result<(), Error> {
        for (name, chance) in
            [("drop", self.drop), ("duplicate", self.duplicate), ("cut", self.cut)]
        {
            if !(0.0..=1.0).contains(&chance) {
                return Err(Error::Argument {
                    place: name.to_owned(),
                    expected: "a probability from 0 to 1".into(),
                    got: chance.to_string(),
                });
            }
        }
        Ok(())
    }

    fn any(&self) -> bool {
        self.delay > Duration::ZERO || self.drop > 0.0 || self.duplicate > 0.0 || self.cut > 0.0
    }
}

/// Faults at work in one direction.
#[derive(Debug)]
pub(super) struct Chances {
    faults: Faults,
    random: fastrand::Rng,
}

/// What becomes of a message.
pub(super) struct Fate {
    pub dropped: bool,
    pub twice: bool,
    pub due: Instant,
}

impl Chances {
    /// None if the faults are none. The `direction` has chances of its own.
    pub fn new(faults: &Faults, direction: u64) -> Option<Chances> {
        let random = match faults.seed {
            Some(seed) => fastrand::Rng::with_seed(seed.wrapping_add(direction)),
            None => fastrand::Rng::new(),
        };
        faults.any().then(|| Chances { faults: faults.clone(), random })
    }

    pub fn decide(&mut self, message: &mut Message) -> Fate {
        // The same number of chances for each message, whatever comes of them.
        let [dropped, twice, cut] = [self.faults.drop, self.faults.duplicate, self.faults.cut]
            .map(|chance| self.random.f64() < chance);
        if cut {
            message.cut();
        }
        let now = Instant::now();
        Fate { dropped, twice, due: now.checked_add(self.faults.delay).unwrap_or(now) }
    }
}
