//! Reproducible random numbers: the same seed makes the same choices.

/// The xorshift generator of Marsaglia.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        // Consecutive seeds should have little in common.
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).max(1))
    }

    /// Returns a number below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % count as u64) as usize
    }

    /// Returns one of the values.
    pub fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }
}
