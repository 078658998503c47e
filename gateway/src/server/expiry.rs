//! When a certificate ends, and the warning before. Knows no file and no clock.

use std::time::Duration;

use rustls::pki_types::CertificateDer;
use x509_parser::parse_x509_certificate;

/// The end of a certificate's validity, in seconds since 1970 (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Expiry(i64);

/// How long a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    Expired,
    /// For less than [`SOON`].
    Short(Duration),
    Enough(Duration),
}

impl Expiry {
    /// Returns the end of a certificate, or `None` if it cannot be read.
    pub(crate) fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, parsed) = parse_x509_certificate(certificate).ok()?;
        Some(Self(parsed.validity().not_after.timestamp()))
    }

    /// Returns the end in seconds since 1970.
    pub(crate) fn seconds(self) -> i64 {
        self.0
    }

    /// Returns how long it is valid after `now`, in milliseconds since 1970.
    pub(crate) fn left(self, now: u64) -> Left {
        let now = i64::try_from(now / 1_000).unwrap_or(i64::MAX);
        match u64::try_from(self.0.saturating_sub(now)).map(Duration::from_secs) {
            Ok(left) if left >= SOON => Left::Enough(left),
            Ok(left) if !left.is_zero() => Left::Short(left),
            _ => Left::Expired,
        }
    }
}

/// Returns the whole days in `left`, or the hours of less than two days, as a text.
pub(crate) fn days(left: Duration) -> String {
    match left.as_secs() / HOUR {
        0 => "less than an hour".into(),
        1 => "1 hour".into(),
        hours if hours < 48 => format!("{hours} hours"),
        hours => format!("{} days", hours / 24),
    }
}

/// Half of the time for which systems such as certbot renew certificates early, so that a renewal
/// that fails is noticed.
pub(crate) const SOON: Duration = Duration::from_secs(14 * 24 * HOUR);

const HOUR: u64 = 3_600;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ending(year: i32, month: u8, day: u8) -> CertificateDer<'static> {
        let mut params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
        params.not_after = rcgen::date_time_ymd(year, month, day);
        let key = rcgen::KeyPair::generate().expect("a key");
        params.self_signed(&key).expect("a certificate").der().clone()
    }

    #[test]
    fn reads_the_end_of_a_certificate_whatever_the_format_of_its_time() {
        // Certificates have another format of time from 2050 on.
        for (date, seconds) in [((2026, 12, 1), 1_796_083_200), ((2050, 1, 1), 2_524_608_000)] {
            let (year, month, day) = date;
            assert_eq!(Expiry::of(&ending(year, month, day)), Some(Expiry(seconds)), "{date:?}");
        }
    }

    #[test]
    fn fewer_than_fourteen_days_are_short() {
        let end = Expiry(100 * 86_400);
        let left = |days: u64| end.left(days * 86_400_000);
        assert_eq!(left(86), Left::Enough(SOON));
        assert_eq!(left(87), Left::Short(Duration::from_secs(13 * 86_400)));
        assert_eq!([left(100), left(101), end.left(u64::MAX)], [Left::Expired; 3]);
    }

    #[test]
    fn says_how_long_in_days_or_hours() {
        let said = [13 * 24, 48, 47, 1, 0].map(|hours| days(Duration::from_secs(hours * HOUR)));
        assert_eq!(said, ["13 days", "2 days", "47 hours", "1 hour", "less than an hour"]);
    }

    proptest! {
        #[test]
        fn a_damaged_certificate_is_unreadable_or_has_an_end(
            at in 0_usize..400, value in any::<u8>(), length in 0_usize..600
        ) {
            let mut der = ending(2026, 12, 1).to_vec();
            der.truncate(length);
            if let Some(byte) = der.get_mut(at) {
                *byte = value;
            }
            let _ = Expiry::of(&der.into());
        }
    }
}
