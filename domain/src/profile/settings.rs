//! What a user has decided about others, and when they want to be left in peace.

use serde::{Deserialize, Serialize};

use crate::ids::InvalidIdError;
use crate::texts::TimeZoneName;

/// Who may do something with a user without being asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Everybody.
    #[default]
    Anyone,
    /// Only the user's contacts.
    Contacts,
}

impl Consent {
    /// The name used in the API and in the tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Contacts => "contacts",
        }
    }
}

/// The settings of a user, and the data of `settings_changed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSettings {
    /// Who may begin a direct conversation with the user.
    pub direct_from: Consent,
    /// Who may add the user to a group without an invitation, if the user has chosen it.
    pub groups_from: Consent,
    /// Whether the user has chosen `groups_from`. Events of version 1 and snapshots of that time do
    /// not say so; there, `anyone` was also the value of users who had not.
    #[serde(default)]
    pub groups_from_chosen: bool,
    /// Whether others see what the user has read, and the user what they have read.
    pub read_receipts: bool,
    /// Whether others see when the user was online last, and the user when they were.
    pub last_seen: bool,
    /// When the user does not want to be disturbed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
}

impl Default for UserSettings {
    fn default() -> Self {
        Self {
            direct_from: Consent::default(),
            groups_from: Consent::default(),
            groups_from_chosen: false,
            read_receipts: true,
            last_seen: true,
            quiet_hours: None,
        }
    }
}

impl UserSettings {
    /// Who may add the user to a group without an invitation: what the user has chosen, or else the
    /// default of the system.
    pub fn groups_from_or(&self, default: Consent) -> Consent {
        if self.groups_from_chosen || self.groups_from != Consent::Anyone {
            self.groups_from
        } else {
            default
        }
    }
}

/// The hours of every day in which a user does not want to be disturbed. They may span midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    from: TimeOfDay,
    to: TimeOfDay,
    time_zone: TimeZoneName,
}

impl QuietHours {
    /// The hours from one time of the day to another one.
    pub fn new(
        from: TimeOfDay,
        to: TimeOfDay,
        time_zone: TimeZoneName,
    ) -> Result<Self, InvalidIdError> {
        if from == to {
            return Err(InvalidIdError(
                "Quiet hours must end at another time than they begin.",
            ));
        }
        Ok(Self {
            from,
            to,
            time_zone,
        })
    }

    /// The time zone in which the times are meant.
    pub fn time_zone(&self) -> &TimeZoneName {
        &self.time_zone
    }

    /// Whether a time of the day, in the user's time zone, is within the quiet hours.
    pub fn contains(&self, time: TimeOfDay) -> bool {
        if self.from < self.to {
            self.from <= time && time < self.to
        } else {
            self.from <= time || time < self.to
        }
    }
}

/// A time of the day, in minutes after midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// Parses `HH:MM`, from `00:00` to `23:59`.
    pub fn parse(text: &str) -> Result<Self, InvalidIdError> {
        const EXPECTED: InvalidIdError =
            InvalidIdError("Expected a time of the day from 00:00 to 23:59, such as 22:00.");
        let is_number = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        let (hours, minutes) = text
            .split_once(':')
            .filter(|(hours, minutes)| is_number(hours) && is_number(minutes))
            .ok_or(EXPECTED)?;
        let number = |part: &str| part.parse::<u16>().map_err(|_| EXPECTED);
        let (hours, minutes) = (number(hours)?, number(minutes)?);
        if hours > 23 || minutes > 59 {
            return Err(EXPECTED);
        }
        Ok(Self(hours * 60 + minutes))
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = InvalidIdError;
    fn try_from(text: String) -> Result<Self, InvalidIdError> {
        Self::parse(&text)
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        format!("{:02}:{:02}", time.0 / 60, time.0 % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(from: &str, to: &str) -> Result<QuietHours, InvalidIdError> {
        let zone = TimeZoneName::parse("UTC")?;
        QuietHours::new(TimeOfDay::parse(from)?, TimeOfDay::parse(to)?, zone)
    }

    #[test]
    fn the_default_of_the_system_is_for_users_who_have_not_chosen() {
        use Consent::{Anyone, Contacts};
        for (groups_from, groups_from_chosen, default, expected) in [
            (Anyone, false, Anyone, Anyone),
            (Anyone, false, Contacts, Contacts),
            (Anyone, true, Contacts, Anyone),
            (Contacts, true, Anyone, Contacts),
            // Chosen before events said so.
            (Contacts, false, Anyone, Contacts),
        ] {
            let settings = UserSettings {
                groups_from,
                groups_from_chosen,
                ..UserSettings::default()
            };
            assert_eq!(settings.groups_from_or(default), expected, "{settings:?}");
        }
    }

    #[test]
    fn quiet_hours_may_span_midnight() {
        let time = |text| TimeOfDay::parse(text).expect("a time of the day");
        let night = hours("22:00", "07:00").expect("quiet hours");
        assert!(
            ["22:00", "23:59", "00:00", "06:59"]
                .iter()
                .all(|at| night.contains(time(at)))
        );
        assert!(
            ["07:00", "12:00", "21:59"]
                .iter()
                .all(|at| !night.contains(time(at)))
        );
        let noon = hours("12:00", "13:00").expect("quiet hours");
        assert!(noon.contains(time("12:59")) && !noon.contains(time("13:00")));
    }

    #[test]
    fn times_have_two_digits_each_and_differ() {
        for bad in ["24:00", "7:00", "07:60", "0700", "", "aa:bb", "+1:00"] {
            assert!(TimeOfDay::parse(bad).is_err(), "{bad}");
        }
        assert!(hours("07:00", "07:00").is_err());
        assert_eq!(
            TimeOfDay::parse("07:05").map(String::from).as_deref(),
            Ok("07:05")
        );
    }
}
