//! Code 128 bar codes as SVG (ISO/IEC 15417), for what a hand scanner is to read from paper: badges and the
//! command sheet.

use barcoders::sym::code128::Code128;

/// Width of the quiet zone on each side in modules (ISO/IEC 15417 §4.2 e: at least 10).
const QUIET: usize = 10;
/// Height of a bar code in modules.
const HEIGHT: usize = 40;

/// The bar code of a text of printable ASCII as an `<svg>` element, `None` for any other text. `name` is what a
/// screen reader says.
pub fn svg(text: &str, name: &str) -> Option<String> {
    let modules = modules(text)?;
    let width = modules.len() + 2 * QUIET;
    let mut svg = format!(
        "<svg class=\"barcode\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {width} {HEIGHT}\" \
         preserveAspectRatio=\"none\" shape-rendering=\"crispEdges\">",
        escaped(name)
    );
    let mut at = 0;
    while at < modules.len() {
        let bar = modules[at..].iter().take_while(|module| **module == 1).count();
        if bar > 0 {
            svg.push_str(&format!(
                "<rect x=\"{}\" y=\"0\" width=\"{bar}\" height=\"{HEIGHT}\"/>",
                at + QUIET
            ));
        }
        at += bar.max(1);
    }
    svg.push_str("</svg>");
    Some(svg)
}

/// The modules of the bar code of such a text, 1 for a bar, without quiet zones.
pub fn modules(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || text.len() > 64 || !text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return None;
    }
    // U+0181 begins code set B, which holds all of printable ASCII
    Some(Code128::new(format!("\u{0181}{text}")).ok()?.encode())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_code_has_its_start_its_check_and_its_stop() {
        let svg = svg("LS:START", "start").unwrap();
        // start, eight letters, check: 11 modules each; stop: 13; quiet zones
        assert!(svg.contains(&format!("viewBox=\"0 0 {} 40\"", 11 * 10 + 13 + 20)), "{svg}");
        // start B is 11010010000
        assert!(svg.contains("<rect x=\"10\" y=\"0\" width=\"2\""), "{svg}");
        assert!(svg.contains("<rect x=\"13\" y=\"0\" width=\"1\""), "{svg}");
    }

    #[test]
    fn what_a_scanner_cannot_type_is_refused() {
        assert!(svg("", "x").is_none());
        assert!(svg("grün", "x").is_none());
        assert!(svg("a\nb", "x").is_none());
        assert!(svg(&"x".repeat(65), "x").is_none());
    }
}
