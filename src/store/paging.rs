//! Lists are read a page at a time: one row more than is shown tells whether there are more.

/// Cuts rows that were read one over `most` back to it. Whether there are more.
pub fn cut<T>(rows: &mut Vec<T>, most: u32) -> bool {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let more = rows.len() > most;
    rows.truncate(most);
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_page_has_no_next_one_unless_a_row_follows() {
        for (read, left, more) in [(0, 0, false), (2, 2, false), (3, 2, true)] {
            let mut rows = vec![(); read];
            assert_eq!((cut(&mut rows, 2), rows.len()), (more, left), "{read}");
        }
    }
}
