//! Numbers with the noun that they count.

use std::fmt;

/// A number with what it counts, for messages: "1 byte", "2 bytes", "2 prefixes".
pub struct Counted<T>(pub T, pub &'static str);

impl<T: fmt::Display + PartialEq + From<u8>> fmt::Display for Counted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counted(count, noun) = self;
        let ending = match noun {
            _ if *count == T::from(1) => "",
            noun if noun.ends_with('x') => "es",
            _ => "s",
        };
        write!(f, "{count} {noun}{ending}")
    }
}

#[cfg(test)]
mod tests {
    use super::Counted;

    #[test]
    fn only_one_has_a_singular() {
        let told = [0, 1, 2].map(|count: u32| Counted(count, "byte").to_string());
        assert_eq!(told, ["0 bytes", "1 byte", "2 bytes"]);
        assert_eq!(Counted(21_usize, "other prefix").to_string(), "21 other prefixes");
        assert_eq!(Counted(-1_i64, "byte").to_string(), "-1 bytes");
    }
}
