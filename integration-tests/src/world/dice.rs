//! Random choices that can be repeated.

use fastrand::Rng;

/// A generator with a seed that is printed, and taken from `MUSTER_TEST_SEED` if that is set.
#[derive(Debug)]
pub struct Dice(Rng);

impl Dice {
    /// Dice with this seed, unless the environment names another.
    #[allow(clippy::print_stderr, reason = "a failed run is repeated with the seed that it printed")]
    pub fn new(seed: u64) -> Self {
        let seed = std::env::var("MUSTER_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(seed);
        eprintln!("MUSTER_TEST_SEED={seed}");
        Self(Rng::with_seed(seed))
    }

    /// Returns a number in `low..high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0.u64(low..high)
    }

    /// Returns one of these.
    pub fn one_of<'a, T>(&mut self, these: &'a mut [T]) -> &'a mut T {
        let index = self.0.usize(..these.len());
        &mut these[index]
    }
}
