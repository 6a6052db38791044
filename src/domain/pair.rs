//! What there is once or twice: the certificates of a device, the keys of an enrollment. Azure calls the two primary
//! and secondary; the secondary stands in while the primary is changed.

use std::fmt;

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// The one that devices use.
    Primary,
    /// The one that stands in while the primary is changed.
    Secondary,
}

impl Which {
    /// The word in records, files and on pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Which::Primary => "primary",
            Which::Secondary => "secondary",
        }
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing, or two of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair<T> {
    /// The first, which is always there.
    pub primary: T,
    /// The second.
    pub secondary: Option<T>,
}

impl<T> Pair<T> {
    /// Only a primary.
    pub fn one(primary: T) -> Pair<T> {
        Pair { primary, secondary: None }
    }

    /// That one, if it is there.
    pub fn get(&self, which: Which) -> Option<&T> {
        match which {
            Which::Primary => Some(&self.primary),
            Which::Secondary => self.secondary.as_ref(),
        }
    }

    /// Whether there are two.
    pub fn is_two(&self) -> bool {
        self.secondary.is_some()
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        1 + u64::from(self.is_two())
    }

    /// Those that are there, the primary first.
    pub fn each(&self) -> impl Iterator<Item = (Which, &T)> {
        let secondary = self.secondary.as_ref().map(|secondary| (Which::Secondary, secondary));
        std::iter::once((Which::Primary, &self.primary)).chain(secondary)
    }

    /// The same of what is lent.
    pub fn as_ref(&self) -> Pair<&T> {
        Pair { primary: &self.primary, secondary: self.secondary.as_ref() }
    }

    /// Another thing for each.
    pub fn map<U>(self, mut make: impl FnMut(Which, T) -> U) -> Pair<U> {
        Pair {
            primary: make(Which::Primary, self.primary),
            secondary: self.secondary.map(|secondary| make(Which::Secondary, secondary)),
        }
    }

    /// Another thing for each, the primary's first; the first failure ends it.
    pub fn try_map<U, E>(self, mut make: impl FnMut(Which, T) -> Result<U, E>) -> Result<Pair<U>, E> {
        Ok(Pair {
            primary: make(Which::Primary, self.primary)?,
            secondary: self.secondary.map(|secondary| make(Which::Secondary, secondary)).transpose()?,
        })
    }

    /// Each with its fellow; none if there are two of one and one of the other.
    pub fn zip<U>(self, other: Pair<U>) -> Option<Pair<(T, U)>> {
        let secondary = match (self.secondary, other.secondary) {
            (Some(one), Some(two)) => Some((one, two)),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return None,
        };
        Some(Pair { primary: (self.primary, other.primary), secondary })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_holds_one_or_two_and_loses_none() {
        let two = Pair { primary: 1, secondary: Some(2) };
        assert_eq!(two.each().collect::<Vec<_>>(), [(Which::Primary, &1), (Which::Secondary, &2)]);
        assert_eq!((Pair::one(1).each().count(), Pair::one(1).count(), two.count()), (1, 1, 2));
        assert_eq!(two.map(|which, n| format!("{which} {n}")).secondary.as_deref(), Some("secondary 2"));
        let made = two.try_map(|which, n| if which == Which::Primary { Ok(n) } else { Err(n) });
        assert_eq!(made, Err(2));
        assert_eq!(two.zip(Pair::one('a')), None);
        assert_eq!(
            two.zip(Pair { primary: 'a', secondary: Some('b') }).map(|pair| pair.primary),
            Some((1, 'a'))
        );
    }
}
