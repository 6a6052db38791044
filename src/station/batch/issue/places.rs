//! Where a batch reads and writes: no two of its files and folders may be one or lie in each other, by whatever names
//! they are called.

use std::fs;
use std::path::{Component, Path, PathBuf, absolute};

use super::ask::IssueAsk;
use super::failed::IssueFailed;
use super::key_file::KeyFolder;

/// The table of rows that got no certificate, beside the output; mended, it is the input of another batch.
pub fn refused_of(output: &Path) -> PathBuf {
    output.with_extension("refused.csv")
}

/// Refuses a batch one of whose places is another one of it, or lies in it. Nothing is touched by that.
pub fn must_be_apart(ask: &IssueAsk, input: &Path, output: &Path) -> Result<(), IssueFailed> {
    let mut places = vec![
        ("IN", input.to_owned()),
        ("OUT", output.to_owned()),
        ("the table of refused rows", refused_of(output)),
        ("the folder of keys", KeyFolder::of(output)),
    ];
    places.extend(ask.folders.iter().map(|folder| ("--folders", folder.clone())));
    places.extend(ask.tar.iter().map(|file| ("--tar", file.clone())));
    let found: Vec<PathBuf> = places.iter().map(|(_, path)| resolved(path)).collect();
    for (at, one) in found.iter().enumerate().rev() {
        for (behind, other) in found.iter().enumerate().filter(|(behind, _)| *behind != at) {
            let (one_is, other_is) = (places[at].0, places[behind].0);
            let path = || places[at].1.clone();
            if one == other {
                return Err(IssueFailed::SamePlace { one: one_is, other: other_is, path: path() });
            }
            if one.starts_with(other) {
                return Err(IssueFailed::PlaceWithin { one: one_is, other: other_is, path: path() });
            }
        }
    }
    Ok(())
}

/// The path without links and dots. What does not exist yet is taken by its name.
fn resolved(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for component in absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match component {
            Component::CurDir => {}
            // no link is left in what was found so far
            Component::ParentDir => {
                found.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {
                found.push(component);
                found = fs::canonicalize(&found).unwrap_or(found);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_dots_do_not_hide_a_place() {
        let place = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(place.path()).unwrap();
        fs::create_dir(root.join("real")).unwrap();
        std::os::unix::fs::symlink(root.join("real"), root.join("link")).unwrap();
        fs::write(root.join("real/in.csv"), "x").unwrap();
        std::os::unix::fs::symlink("in.csv", root.join("real/same.csv")).unwrap();
        for (path, expected) in [
            ("link/out.csv", "real/out.csv"),
            ("real/./new/../out.csv", "real/out.csv"),
            ("link/../real/out.csv", "real/out.csv"),
            ("link/same.csv", "real/in.csv"),
            ("new/deep/../out", "new/out"),
        ] {
            assert_eq!(resolved(&root.join(path)), root.join(expected), "{path}");
        }
        assert_eq!(resolved(Path::new("out")), fs::canonicalize(".").unwrap().join("out"));
    }
}
