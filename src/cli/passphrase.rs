//! Where secrets come from at the command line: a file, systemd's credential, or a prompt. Never an argument.

use std::io::{IsTerminal, Read};
use std::path::Path;

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::domain::code::Code;
use crate::domain::secret::Secret;

/// The longest secret that is read from a file, in bytes.
const LONGEST: u64 = 64 * 1024;

/// The vault's passphrase.
pub fn of_vault(common: &Common) -> Result<Secret, Failure> {
    if let Some(path) = &common.passphrase_file {
        return from_file(path);
    }
    if let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY") {
        let path = Path::new(&folder).join("lineside-vault");
        if path.is_file() {
            return from_file(&path);
        }
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            Code::VaultLocked,
            "the vault's passphrase is needed, and there is no terminal to ask at",
        ));
    }
    ask("Passphrase of the vault: ")
}

/// A new passphrase, asked for twice unless it comes from a file.
pub fn new_for_vault(common: &Common) -> Result<Secret, Failure> {
    if common.passphrase_file.is_some() {
        return of_vault(common);
    }
    twice("New passphrase of the vault: ")
}

/// Asks for a new secret twice.
pub fn twice(prompt: &str) -> Result<Secret, Failure> {
    let first = ask(prompt)?;
    let second = ask("The same again: ")?;
    if first.expose() != second.expose() {
        return Err(Failure::usage(Code::Usage, "the two differ"));
    }
    Ok(first)
}

/// A secret from a file, or asked for; line feeds at its end do not belong to it.
pub fn secret(file: Option<&Path>, prompt: &str) -> Result<Secret, Failure> {
    match file {
        Some(path) => from_file(path),
        None => ask(prompt),
    }
}

/// Reads a secret from a file; `-` is standard input.
pub fn from_file(path: &Path) -> Result<Secret, Failure> {
    let unreadable =
        |error| Failure::usage(Code::FileUnreadable, format!("{} cannot be read: {error}", path.display()));
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().lock().take(LONGEST).read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(LONGEST).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    if bytes.is_empty() {
        return Err(Failure::usage(Code::FileUnreadable, format!("{} is empty", path.display())));
    }
    Ok(Secret::new(bytes))
}

fn ask(prompt: &str) -> Result<Secret, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            Code::Usage,
            "there is no terminal to ask at: name a file with --passphrase-file, --password-file or --file",
        ));
    }
    let text = rpassword::prompt_password(prompt)
        .map_err(|error| Failure::usage(Code::Usage, format!("the terminal cannot be read: {error}")))?;
    Ok(Secret::from(text))
}
