//! Deliberate faults, to test how peers handle a bad network.

use std::time::{Duration, Instant};

use crate::core::error::Error;
use crate::core::message::Message;

/// The faults that a proxy injects into the messages it forwards; none by default.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// The delay of each message.
    pub delay: Duration,
    /// The probability that a message is dropped, from 0 to 1.
    pub drop: f64,
    /// The probability that a message is sent twice, from 0 to 1.
    pub duplicate: f64,
    /// The probability that a message is truncated, from 0 to 1: it loses its last
    /// frame, or the second half of its only one.
    pub cut: f64,
    /// The seed of the random numbers. The same seed produces the same faults.
    pub seed: Option<u64>,
}

impl Faults {
    /// Checks the probabilities.
    ///
    /// # Errors
    /// [`Error::Argument`] if a probability is not from 0 to 1.
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

/// The faults of one direction.
#[derive(Debug)]
pub(super) struct Chances {
    faults: Faults,
    random: fastrand::Rng,
}

/// The fate of a message.
pub(super) struct Fate {
    pub dropped: bool,
    pub twice: bool,
    pub due: Instant,
}

impl Chances {
    /// Returns `None` if there are no faults. Each `direction` has its own random
    /// numbers.
    pub fn new(faults: &Faults, direction: u64) -> Option<Chances> {
        let random = match faults.seed {
            Some(seed) => fastrand::Rng::with_seed(seed.wrapping_add(direction)),
            None => fastrand::Rng::new(),
        };
        faults.any().then(|| Chances { faults: faults.clone(), random })
    }

    pub fn decide(&mut self, message: &mut Message) -> Fate {
        // Every message draws the same number of random numbers, whatever happens to
        // it.
        let [dropped, twice, cut] = [self.faults.drop, self.faults.duplicate, self.faults.cut]
            .map(|chance| self.random.f64() < chance);
        if cut {
            message.cut();
        }
        let now = Instant::now();
        Fate { dropped, twice, due: now.checked_add(self.faults.delay).unwrap_or(now) }
    }
}
