//! What is wrong with a TOML file, in one line: the parser's own message is a drawing of several.

/// The line of the fault, counted from 1, and what is wrong there.
pub fn in_one_line(text: &str, fault: &toml::de::Error) -> String {
    let what = fault.message().split_whitespace().collect::<Vec<_>>().join(" ");
    match fault.span() {
        Some(span) => {
            let before = text.get(..span.start).unwrap_or(text);
            format!("line {}: {what}", before.matches('\n').count() + 1)
        }
        None => what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_one_line_that_names_its_line() {
        let text = "a = 1\nb = \nc = 2\n";
        let fault = toml::from_str::<toml::Table>(text).unwrap_err();
        let said = in_one_line(text, &fault);
        assert!(said.starts_with("line 2: ") && !said.contains('\n'), "{said}");
    }
}
