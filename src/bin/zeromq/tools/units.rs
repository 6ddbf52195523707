//! Times, durations and sizes in arguments.

use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use super::clock::system_time;

/// A place in a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The sequence of a message.
    Sequence(i64),
    /// A time in nanoseconds since 1970.
    Time(i64),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Moment, String> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
            return text.parse().map(Moment::Sequence).map_err(|error| error.to_string());
        }
        if text == "now" {
            return Ok(Moment::Time(system_time()));
        }
        if let Some(ago) = text.strip_prefix('-') {
            let ago = i64::try_from(duration(ago)?.as_nanos()).unwrap_or(i64::MAX);
            return Ok(Moment::Time(system_time().saturating_sub(ago)));
        }
        let time: Timestamp = text.parse().map_err(|_| {
            "expected a sequence number, a time such as 2026-12-01T09:15:00Z or \
             2026-12-01T09:15:00+05:30, or how long ago: -10m"
        })?;
        i64::try_from(time.as_nanosecond())
            .map(Moment::Time)
            .map_err(|_| "expected a year from 1678 to 2261".to_owned())
    }
}

/// Parses a duration such as 24h, 7d or 500ms.
///
/// # Errors
/// What is expected.
pub fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<Span>().ok().and_then(|span| {
        let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
        Duration::try_from(duration).ok()
    });
    parsed.ok_or_else(|| "expected a duration such as 500ms, 10m, 24h or 7d".to_owned())
}

/// Parses a duration that is not zero.
///
/// # Errors
/// What is expected.
pub fn interval(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("expected more than zero".to_owned()),
        interval => Ok(interval),
    }
}

/// Parses a size such as 64MB or 10GiB.
///
/// # Errors
/// What is expected.
pub fn size(text: &str) -> Result<u64, String> {
    match text.parse::<ByteSize>() {
        Ok(ByteSize(0)) | Err(_) => Err("expected a size such as 64MB or 10GiB".to_owned()),
        Ok(size) => Ok(size.as_u64()),
    }
}

/// When a recorder goes on with a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// When the file has this age.
    Age(Duration),
    /// When it has this size in bytes.
    Size(u64),
}

impl FromStr for Rotation {
    type Err = String;

    fn from_str(text: &str) -> Result<Rotation, String> {
        interval(text)
            .map(Rotation::Age)
            .or_else(|_| size(text).map(Rotation::Size))
            .map_err(|_| "expected a duration or a size, such as 1h or 1GB".to_owned())
    }
}

/// Returns a time as RFC 3339 in UTC, with microseconds.
pub fn written(time: i64) -> String {
    let time = Timestamp::from_nanosecond(time.into()).unwrap_or_default();
    format!("{time:.6}")
}

/// Returns a duration for people: "1.5s".
pub fn shown(duration: Duration) -> String {
    let ms = SignedDuration::from_millis(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX));
    format!("{ms:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_sequences_times_or_relative() {
        assert_eq!("17".parse(), Ok(Moment::Sequence(17)));
        assert_eq!("1970-01-01T00:00:01.5Z".parse(), Ok(Moment::Time(1_500_000_000)));
        assert_eq!("1970-01-01T05:30:00+05:30".parse(), Ok(Moment::Time(0)));
        let Ok(Moment::Time(ago)) = "-10m".parse() else { panic!("a time") };
        assert!((599_000_000_000..660_000_000_000).contains(&(system_time() - ago)));
        for wrong in
            ["", "-", "-x", "2026-12-01", "2026-12-01T09:15:00", "99999999999999999999", "+1"]
        {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_and_sizes_have_units() {
        assert_eq!(duration("24h"), Ok(Duration::from_secs(86_400)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(7 * 86_400)));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(interval("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(size("64MB"), Ok(64_000_000));
        assert_eq!(size("1GiB"), Ok(1 << 30));
        for wrong in ["", "x", "1 month", "-1h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        assert!(interval("0s").is_err() && size("0").is_err() && size("much").is_err());
        assert_eq!("1h".parse(), Ok(Rotation::Age(Duration::from_secs(3600))));
        assert_eq!("1GB".parse(), Ok(Rotation::Size(1_000_000_000)));
        assert!("often".parse::<Rotation>().is_err());
    }

    #[test]
    fn times_are_written_in_utc() {
        assert_eq!(written(1_500_000_000), "1970-01-01T00:00:01.500000Z");
    }
}
