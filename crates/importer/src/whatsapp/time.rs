//! The times of WhatsApp chats, which have the form of the phone's language and region.

use domain::time::Timestamp;

/// The order of the parts of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateOrder {
    DayFirst,
    MonthFirst,
}

/// A date and a time as written, without their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WrittenTime {
    /// Year, if it comes first, else `None`; then the other numbers in their order.
    year_first: Option<u32>,
    numbers: [u32; 3],
    hour: u32,
    minute: u32,
    second: u32,
}

/// Words for the first and for the second half of the day, without dots and spaces.
const MORNINGS: [&str; 8] = ["am", "上午", "午前", "오전", "vorm", "öö", "πμ", "ص"];
const AFTERNOONS: [&str; 8] = ["pm", "下午", "午後", "오후", "nachm", "pl", "μμ", "م"];

/// Parses the start of a line: `[31.12.20, 21:41:07] ` or `12/31/20, 9:41 PM - `. Returns the time
/// and the rest of the line.
pub(super) fn parse_header(line: &str) -> Option<(WrittenTime, &str)> {
    let (header, rest) = match line.strip_prefix('[') {
        Some(rest) => rest.split_once("] ")?,
        None => [" - ", " – "]
            .iter()
            .find_map(|dash| line.split_once(dash))?,
    };
    // Longer than any date, so this is text that contains a dash.
    if header.len() > 60 || !header.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Some((parse_time(header)?, rest))
}

fn parse_time(header: &str) -> Option<WrittenTime> {
    let date_end = header.find(|c: char| !c.is_ascii_digit() && !"./-年月日".contains(c));
    let (date, time) = header.split_at(date_end?);
    let date = date.trim_end_matches(['.', '日']);
    let mut parts = date.split(['.', '/', '-', '年', '月']);
    let mut next = || parts.next()?.parse::<u32>().ok();
    let numbers = [next()?, next()?, next()?];
    if parts.next().is_some() {
        return None;
    }
    let [hour, minute, second] = parse_clock(time)?;
    Some(WrittenTime {
        year_first: Some(numbers[0]).filter(|year| *year > 31),
        numbers,
        hour,
        minute,
        second,
    })
}

fn parse_clock(time: &str) -> Option<[u32; 3]> {
    let start = time.find(|c: char| c.is_ascii_digit())?;
    let (before, clock) = time.split_at(start);
    let end = clock.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.');
    let (clock, after) = clock.split_at(end.unwrap_or(clock.len()));
    let mut parts = clock.trim_end_matches('.').split([':', '.']);
    let mut next = || parts.next().map(|part| part.parse::<u32>().ok());
    let (hour, minute) = (next()??, next()??);
    let second = next().unwrap_or(Some(0))?;
    let words = format!("{before}{after}").to_lowercase();
    let words: String = words.chars().filter(|c| c.is_alphabetic()).collect();
    let is_half = |halves: [&str; 8]| halves.iter().any(|half| words == *half);
    let hour = match hour {
        12 if is_half(MORNINGS) => 0,
        1..=11 if is_half(AFTERNOONS) => hour + 12,
        hour => hour,
    };
    (hour < 24 && minute < 60 && second < 60).then_some([hour, minute, second])
}

impl WrittenTime {
    /// The time in UTC, if the date exists when its parts have this order.
    pub(super) fn resolve(&self, order: DateOrder) -> Option<Timestamp> {
        let [first, second, third] = self.numbers;
        let (year, month, day) = match (self.year_first, order) {
            (Some(year), _) => (year, second, third),
            (None, DateOrder::DayFirst) => (third, second, first),
            (None, DateOrder::MonthFirst) => (third, first, second),
        };
        let year = if year < 100 { year + 2000 } else { year };
        Timestamp::parse(&format!(
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
            self.hour, self.minute, self.second
        ))
    }
}

/// The order of the dates of a file: the one in which each date exists and time runs forwards. Both
/// are possible in a short file; then the day is first.
pub(super) fn find_order(times: &[WrittenTime]) -> (DateOrder, bool) {
    let misfits = |order| {
        let resolved: Vec<_> = times.iter().map(|time| time.resolve(order)).collect();
        let missing = resolved.iter().filter(|time| time.is_none()).count();
        let known: Vec<_> = resolved.into_iter().flatten().collect();
        // A phone's clock may be set back; an order that is wrong runs backwards again and again.
        let backwards = known.windows(2).filter(|pair| pair[1] < pair[0]).count();
        (missing, backwards)
    };
    let (day_first, month_first) = (misfits(DateOrder::DayFirst), misfits(DateOrder::MonthFirst));
    let is_sure = day_first != month_first || times.iter().all(|time| time.year_first.is_some());
    let order = if month_first < day_first {
        DateOrder::MonthFirst
    } else {
        DateOrder::DayFirst
    };
    (order, is_sure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_several_languages_are_read() {
        for (line, time, rest) in [
            (
                "[31.12.20, 21:41:07] Ann: hi",
                "2020-12-31T21:41:07.000Z",
                "Ann: hi",
            ),
            (
                "31.12.20, 21:41 - Ann: hi",
                "2020-12-31T21:41:00.000Z",
                "Ann: hi",
            ),
            (
                "31/12/2020, 9:41 pm - Ann: a - b",
                "2020-12-31T21:41:00.000Z",
                "Ann: a - b",
            ),
            (
                "31/12/20 21:41 - Ann: hi",
                "2020-12-31T21:41:00.000Z",
                "Ann: hi",
            ),
            (
                "31/12/20, 12:41 a. m. - Ann: hi",
                "2020-12-31T00:41:00.000Z",
                "Ann: hi",
            ),
            (
                "[31.12.2020 klo 9.41.07] Ann: hi",
                "2020-12-31T09:41:07.000Z",
                "Ann: hi",
            ),
            (
                "2020-12-31, 9:41 p.m. - Ann: hi",
                "2020-12-31T21:41:00.000Z",
                "Ann: hi",
            ),
            (
                "2020/12/31 下午9:41 - Ann: hi",
                "2020-12-31T21:41:00.000Z",
                "Ann: hi",
            ),
            (
                "[2020/12/31 21:41:07] Ann: hi",
                "2020-12-31T21:41:07.000Z",
                "Ann: hi",
            ),
        ] {
            let (written, found) = parse_header(line).expect(line);
            let resolved = written.resolve(DateOrder::DayFirst).expect(line);
            assert_eq!(
                (resolved.to_string().as_str(), found),
                (time, rest),
                "{line}"
            );
        }
        for other in [
            "hello",
            "2 - 3 is negative",
            "[see above] yes",
            "31.12.20, 25:41 - Ann: hi",
            "1.2.3.4, 10:00 - x",
        ] {
            assert_eq!(parse_header(other), None, "{other}");
        }
    }

    #[test]
    fn order_of_the_date_follows_from_the_file() {
        let times = |lines: &[&str]| -> Vec<WrittenTime> {
            let parse = |line: &&str| {
                parse_header(&format!("{line}, 10:00 - x"))
                    .expect("a time")
                    .0
            };
            lines.iter().map(parse).collect()
        };
        for (lines, order, is_sure) in [
            (&["12/31/20", "1/2/21"][..], DateOrder::MonthFirst, true),
            (&["31/12/20", "2/1/21"], DateOrder::DayFirst, true),
            (&["1/2/20", "1/3/20", "2/1/20"], DateOrder::MonthFirst, true),
            (&["1/2/20"], DateOrder::DayFirst, false),
            (&["2020-01-02"], DateOrder::DayFirst, true),
        ] {
            assert_eq!(find_order(&times(lines)), (order, is_sure), "{lines:?}");
        }
    }
}
