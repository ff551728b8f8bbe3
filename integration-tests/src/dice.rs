//! Random choices that can be repeated.

/// A small generator (`SplitMix64`, by Steele, Lea and Flood 2014). Its seed is printed, and taken from `MUSTER_TEST_SEED` if that is set.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice with this seed, unless the environment names another.
    #[allow(clippy::print_stderr, reason = "a failed run is repeated with the seed that it printed")]
    pub fn new(seed: u64) -> Self {
        let seed = std::env::var("MUSTER_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(seed);
        eprintln!("MUSTER_TEST_SEED={seed}");
        Self(seed)
    }

    /// A number in `low..high`.
    pub const fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        low + (mixed ^ (mixed >> 31)) % (high - low)
    }

    /// One of these.
    pub fn one_of<'a, T>(&mut self, these: &'a mut [T]) -> &'a mut T {
        let index = self.between(0, these.len() as u64);
        &mut these[usize::try_from(index).expect("an index of a slice")]
    }
}
