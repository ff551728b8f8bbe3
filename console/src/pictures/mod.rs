//! Pictures: pure functions from values to SVG, each with the table of its values.
//!
//! A picture is readable without colour: patterns tell its parts apart, and labels name them. Its
//! markup has no inline style, so that the strict content policy holds; the style sheet has the
//! classes. All texts are escaped by [`canvas::Canvas`], which alone writes markup.

pub mod canvas;
pub mod caps;
pub mod delivery;
pub mod drain;
pub mod forecast;

/// A picture and its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its subject, in one sentence with its main figures.
    pub caption: String,
    /// Finished markup.
    pub svg: String,
    /// Names of the table's columns.
    pub heads: Vec<&'static str>,
    /// Rows of the table, each with a cell a column.
    pub rows: Vec<Vec<String>>,
}

/// Columns of a picture at most: more values are put together.
const MOST_COLUMNS: usize = 24;

/// Returns a number with separators, as people write it.
pub fn number(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    if value < 0 {
        grouped.push('−');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Returns `part` of `whole` in whole percents, and 0 of nothing.
pub fn percent(part: i64, whole: i64) -> i64 {
    if whole <= 0 { 0 } else { i64::try_from(i128::from(part) * 100 / i128::from(whole)).unwrap_or(i64::MAX) }
}

/// Returns a length: `value` of `most`, on an axis of this length.
fn share(value: i64, most: i64, length: u32) -> u32 {
    if value <= 0 || most <= 0 {
        return 0;
    }
    let share = i128::from(value.min(most)) * i128::from(length) / i128::from(most);
    // A value that is there is seen.
    u32::try_from(share).unwrap_or(length).max(1)
}

/// Puts neighbours together until there are at most [`MOST_COLUMNS`].
fn at_most_columns<T: Clone>(values: &[T], together: impl Fn(&T, &T) -> T) -> Vec<T> {
    let each = values.len().div_ceil(MOST_COLUMNS).max(1);
    let joined = values.chunks(each).filter_map(|chunk| {
        let (first, rest) = chunk.split_first()?;
        Some(rest.iter().fold(first.clone(), |sum, value| together(&sum, value)))
    });
    joined.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_separators_and_shares_stay_within_their_axis() {
        assert_eq!(
            [0, 7, 999, 1_000, 1_234_567, -1_500].map(number),
            ["0", "7", "999", "1,000", "1,234,567", "−1,500"]
        );
        assert_eq!([percent(1, 3), percent(3, 3), percent(5, 0), percent(i64::MAX, i64::MAX)], [33, 100, 0, 100]);
        assert_eq!(
            [share(0, 10, 100), share(5, 10, 100), share(99, 10, 100), share(1, 1_000_000, 100)],
            [0, 50, 100, 1]
        );
        assert_eq!(share(i64::MAX, i64::MAX, u32::MAX), u32::MAX);
    }

    #[test]
    fn many_values_become_few_columns_and_none_is_lost() {
        let values: Vec<i64> = (0..1_000).collect();
        let columns = at_most_columns(&values, |one, next| one + next);
        assert!(columns.len() <= MOST_COLUMNS);
        assert_eq!(columns.iter().sum::<i64>(), values.iter().sum::<i64>());
        assert!(at_most_columns(&[], |one: &i64, _| *one).is_empty());
    }
}
