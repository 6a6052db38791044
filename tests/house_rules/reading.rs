//! Reads one source file as tokens and says which paths it names and which macros it calls. Comments and texts are no
//! tokens, so they name nothing; what stands inside a macro's parentheses does.

use std::str::FromStr;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// One source file.
pub struct Source {
    /// Its path from the crate's folder, such as `src/ca/sign.rs`.
    pub file: String,
    pub text: String,
    /// Whether it is built for tests only, because `#[cfg(test)]` stands where its module is declared.
    pub test_only: bool,
}

/// What a file names.
#[derive(Default)]
pub struct Reading {
    pub mentions: Vec<Mention>,
    pub calls: Vec<MacroCall>,
    /// The modules it declares (`mod name;`) for tests only.
    pub test_modules: Vec<String>,
}

/// One path, such as `std::time::Instant`. A path into our own crate begins with `crate`, however it was spelled;
/// paths that stay inside the file's own module tree through `super` are left out.
pub struct Mention {
    pub path: Vec<String>,
    /// Named by `use`, so that a lone word is a crate and not a variable.
    pub imported: bool,
    pub in_test: bool,
}

/// One call of a macro, without its path: `info` for `tracing::info!(…)`.
pub struct MacroCall {
    pub name: String,
    /// Every word among its arguments.
    pub words: Vec<String>,
    pub in_test: bool,
}

impl Source {
    /// What this file names.
    pub fn read(&self) -> Reading {
        let file = &self.file;
        let tokens = TokenStream::from_str(&self.text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let depth = match file.as_str() {
            "src/lib.rs" | "src/main.rs" => 0,
            _ => file.trim_start_matches("src/").split('/').count(),
        };
        let mut reading = Reading::default();
        let place = Place { prefix: Vec::new(), imported: false, depth, in_test: self.test_only };
        Walk { trees: tokens.into_iter().collect(), path: Vec::new(), place, reading: &mut reading }.run();
        reading
    }
}

impl Mention {
    /// Whether the path ends with these words.
    pub fn ends_with(&self, words: &[&str]) -> bool {
        self.path.len() >= words.len() && self.path[self.path.len() - words.len()..] == *words
    }
}

/// What is known about the tokens that are being walked.
#[derive(Clone)]
struct Place {
    /// The path before the braces of a `use`.
    prefix: Vec<String>,
    imported: bool,
    /// How many `super` lead to the crate's root from here.
    depth: usize,
    in_test: bool,
}

/// A walk over the tokens between one pair of brackets.
struct Walk<'a> {
    trees: Vec<TokenTree>,
    /// The path that is being spelled.
    path: Vec<String>,
    place: Place,
    reading: &'a mut Reading,
}

impl Walk<'_> {
    fn run(mut self) {
        let outer = self.place.clone();
        let mut at = 0;
        while at < self.trees.len() {
            let joined = at >= 2 && self.mark(at - 1, ':') && self.mark(at - 2, ':');
            match self.trees[at].clone() {
                TokenTree::Ident(ident) => {
                    let name = plain(&ident.to_string());
                    if !joined {
                        self.note();
                        self.path.clone_from(&self.place.prefix);
                    }
                    match name.as_str() {
                        "use" => self.place.imported = true,
                        "as" => at += 1, // the other name is no path
                        "mod" => at += self.module(at, &outer),
                        _ => self.word(at, name),
                    }
                }
                TokenTree::Punct(mark) => match mark.as_char() {
                    // A single colon stands between a name and its type.
                    ':' if self.mark(at + 1, ':') || at > 0 && self.mark(at - 1, ':') => {}
                    '*' if joined && !self.path.is_empty() => self.path.push("*".to_owned()),
                    other => {
                        self.note();
                        if other == ';' {
                            self.place = outer.clone();
                        }
                    }
                },
                TokenTree::Group(group) => {
                    let braces = group.delimiter() == Delimiter::Brace;
                    let attribute = at > 0 && (self.mark(at - 1, '#') || self.mark(at - 1, '!'));
                    if braces && joined {
                        let prefix = std::mem::take(&mut self.path);
                        self.enter(&group, Place { prefix, ..self.place.clone() });
                    } else {
                        self.note();
                        self.enter(&group, Place { prefix: Vec::new(), ..self.place.clone() });
                        if attribute && is_test_attribute(&group) {
                            self.place.in_test = true;
                        } else if braces {
                            self.place = outer.clone();
                        }
                    }
                }
                TokenTree::Literal(_) => self.note(),
            }
            at += 1;
        }
        self.note();
    }

    /// A word of a path; if it is a macro's name, its call too.
    fn word(&mut self, at: usize, name: String) {
        if let (true, Some(TokenTree::Group(group))) = (self.mark(at + 1, '!'), self.trees.get(at + 2)) {
            let words = words(group.stream());
            let in_test = self.place.in_test;
            self.reading.calls.push(MacroCall { name: name.clone(), words, in_test });
        }
        self.path.push(name);
    }

    /// `mod name;` or `mod name { … }`; says how many tokens it has walked over.
    fn module(&mut self, at: usize, outer: &Place) -> usize {
        match self.trees.get(at + 2) {
            Some(TokenTree::Group(body)) => {
                let body = body.clone();
                let depth = self.place.depth + 1;
                self.enter(&body, Place { prefix: Vec::new(), depth, ..self.place.clone() });
                self.place = outer.clone();
                2
            }
            Some(TokenTree::Punct(_)) if self.place.in_test => {
                self.reading.test_modules.push(plain(&self.trees[at + 1].to_string()));
                1
            }
            _ => 1,
        }
    }

    fn enter(&mut self, group: &Group, place: Place) {
        let trees = group.stream().into_iter().collect();
        Walk { trees, path: Vec::new(), place, reading: self.reading }.run();
    }

    /// The path that was being spelled has ended.
    fn note(&mut self) {
        let path = std::mem::take(&mut self.path);
        let selves = path.iter().take_while(|word| *word == "self").count();
        let supers = path.iter().skip(selves).take_while(|word| *word == "super").count();
        let path = match path.first().map(String::as_str) {
            None => return,
            Some("crate" | "lineside") => from_root(&path[1..]),
            Some("super" | "self") if supers >= self.place.depth => from_root(&path[selves + supers..]),
            Some("super" | "self") => return,
            Some(_) => path,
        };
        // A lone `crate` is `pub(crate)`.
        if path != ["crate"] {
            let Place { imported, in_test, .. } = self.place;
            self.reading.mentions.push(Mention { path, imported, in_test });
        }
    }

    fn mark(&self, at: usize, mark: char) -> bool {
        matches!(self.trees.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
    }
}

fn from_root(rest: &[String]) -> Vec<String> {
    std::iter::once("crate".to_owned()).chain(rest.iter().cloned()).collect()
}

fn plain(word: &str) -> String {
    word.trim_start_matches("r#").to_owned()
}

fn words(tokens: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => found.extend(words(group.stream())),
            TokenTree::Ident(ident) => found.push(plain(&ident.to_string())),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    found
}

/// `[test]`, `[cfg(test)]` and `[cfg(all(test, …))]`; not `[cfg(any(test, …))]`, which is also built without tests.
fn is_test_attribute(group: &Group) -> bool {
    let words = words(group.stream());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(words.as_slice(), ["test"] | ["cfg", "test", ..] | ["cfg", "all", "test", ..])
}
