//! An input as a sequence of decisions.

/// The part of an input that was not read yet. When it is used up, every number is 0 and
/// every string is empty.
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Input<'a> {
        Input(bytes)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the next byte.
    pub fn byte(&mut self) -> u8 {
        self.0.split_off_first().copied().unwrap_or(0)
    }

    /// Returns a number below `count`, which is at most 65536.
    pub fn below(&mut self, count: usize) -> usize {
        let number = if count > 256 {
            usize::from(u16::from_be_bytes([self.byte(), self.byte()]))
        } else {
            usize::from(self.byte())
        };
        number % count
    }

    /// Returns one of the values.
    pub fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    /// Returns a string: a byte for its length, then its bytes.
    pub fn short(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte());
        self.take(length)
    }

    /// Returns an integer, often one at a limit.
    pub fn integer(&mut self) -> i64 {
        match self.byte() {
            byte @ 0..200 => i64::from(byte) - 2,
            200..210 => i64::from(i32::MAX) - 1 + i64::from(self.byte() % 3),
            210..215 => i64::from(i32::MIN) - 1 + i64::from(self.byte() % 3),
            215..220 => i64::MAX,
            220..225 => i64::MIN,
            225..235 => 65_534 + i64::from(self.byte() % 3),
            _ => {
                let bytes = self.take(8);
                let mut all = [0; 8];
                all[..bytes.len()].copy_from_slice(bytes);
                i64::from_le_bytes(all)
            }
        }
    }

    /// Returns all that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let length = length.min(self.0.len());
        self.0.split_off(..length).unwrap_or_default()
    }
}
