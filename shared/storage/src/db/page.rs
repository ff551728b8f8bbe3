//! Pages of lists, and their one kind of cursor.
//!
//! A list has one fixed order, by the ids of its items: the oldest first, or the newest first where
//! its function says so. Its cursor is the id of an item: a page begins behind that item in the
//! list's order, and has at most so many items. The item may be gone by then, because the cursor is
//! a place in the order. Items that are made or deleted between two pages move no other item from
//! one page to another. A page with fewer items than its limit is the last.

/// A page of a list. Its items have ids of the type `K`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<K> {
    /// The cursor: the last item of the page before. None for the first page.
    pub after: Option<K>,
    /// Items at most.
    pub limit: i64,
}

impl<K> Page<K> {
    /// Returns the first page.
    pub const fn first(limit: i64) -> Self {
        Self { after: None, limit }
    }

    /// Returns the cursor of the page behind this one, by its items; none where this is the last.
    pub fn next<T>(&self, items: &[T], id: impl FnOnce(&T) -> K) -> Option<K> {
        items.last().filter(|_| i64::try_from(items.len()) == Ok(self.limit)).map(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_page_has_a_next_one_and_a_shorter_one_is_the_last() {
        let page = Page { after: Some(1), limit: 2 };
        assert_eq!(page.next(&[2, 3], |item| *item), Some(3));
        assert_eq!(page.next(&[2], |item| *item), None);
        assert_eq!(Page::first(2).next(&[], |item: &i32| *item), None);
    }
}
