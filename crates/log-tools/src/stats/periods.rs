//! Groups days into as many periods as a plot can show.

use time::{Date, Month};

use super::counts::DayRow;

/// The maximum number of bars of a plot.
const MAX_PERIODS: usize = 100;

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodLength {
    /// A day.
    Day,
    /// A month.
    Month,
    /// A year.
    Year,
}

impl PeriodLength {
    /// The name, such as `day`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The part of a day's name that names its period.
    fn name_of(self, day: &str) -> &str {
        let length = match self {
            Self::Day => 10,
            Self::Month => 7,
            Self::Year => 4,
        };
        &day[..length]
    }
}

/// A period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// The day, month or year.
    pub name: String,
    /// The number of sent messages.
    pub messages: u64,
    /// The number of active users on its busiest day.
    pub active_users: u64,
}

/// The days as periods of one length. Periods without events are there too.
pub fn group_days(days: &[DayRow]) -> (PeriodLength, Vec<Period>) {
    let bounds = days.first().zip(days.last());
    let dates = bounds.and_then(|(first, last)| parse_day(&first.name).zip(parse_day(&last.name)));
    let Some((first, last)) = dates else {
        return (PeriodLength::Day, Vec::new());
    };
    let span = (last - first).whole_days().unsigned_abs() as usize + 1;
    let length = match span {
        days if days <= MAX_PERIODS => PeriodLength::Day,
        days if days <= 30 * MAX_PERIODS => PeriodLength::Month,
        _ => PeriodLength::Year,
    };
    let mut periods: Vec<Period> = Vec::new();
    let mut days = days.iter().peekable();
    for date in (0..span as i64).filter_map(|n| first.checked_add(time::Duration::days(n))) {
        let date = date.to_string();
        let name = length.name_of(&date);
        if periods.last().is_none_or(|period| period.name != name) {
            periods.push(Period {
                name: name.to_owned(),
                messages: 0,
                active_users: 0,
            });
        }
        let day = days.next_if(|day| day.name == date);
        if let (Some(period), Some(day)) = (periods.last_mut(), day) {
            period.messages += day.messages;
            period.active_users = period.active_users.max(day.active_users);
        }
    }
    (length, periods)
}

fn parse_day(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month: u8 = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(names: &[&str]) -> Vec<DayRow> {
        let day = |(n, name): (usize, &&str)| DayRow {
            name: (*name).to_owned(),
            events: 1,
            bytes: 1,
            messages: 1,
            active_users: n as u64,
        };
        names.iter().enumerate().map(day).collect()
    }

    #[test]
    fn days_without_events_are_shown_too() {
        let (length, periods) = group_days(&days(&["2024-02-28", "2024-03-01"]));
        assert_eq!(length, PeriodLength::Day);
        let shown: Vec<_> = periods
            .iter()
            .map(|period| (period.name.as_str(), period.messages))
            .collect();
        assert_eq!(
            shown,
            [("2024-02-28", 1), ("2024-02-29", 0), ("2024-03-01", 1)]
        );
        assert_eq!(group_days(&[]).1, []);
    }

    #[test]
    fn many_days_become_months_or_years() {
        let names = ["2008-12-31", "2009-02-01", "2009-02-02", "2010-01-01"];
        let (length, periods) = group_days(&days(&names));
        assert_eq!((length, periods.len()), (PeriodLength::Month, 14));
        let february = &periods[2];
        assert_eq!(
            (
                february.name.as_str(),
                february.messages,
                february.active_users
            ),
            ("2009-02", 2, 2)
        );
        let (length, periods) = group_days(&days(&["0001-01-01", "9999-12-31"]));
        assert_eq!((length, periods.len()), (PeriodLength::Year, 9_999));
    }
}
