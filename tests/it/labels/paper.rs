//! Labels as paper: rendered from their ZPL by somebody else's code (tests/labels/render.mjs), from the preview by
//! librsvg, and read by other people's readers of codes.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::factory::process;

/// Pictures of labels; they are there as long as this is.
pub struct Paper {
    folder: TempDir,
    /// One picture for each label.
    pub labels: Vec<PathBuf>,
}

/// What a printer with 8 dots a millimetre makes of this ZPL on labels of 50 × 25 mm.
pub fn print(zpl: &str) -> Paper {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("labels.zpl");
    std::fs::write(&file, zpl).unwrap();
    let mut node = Command::new("node");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/labels/render.mjs");
    node.arg(script).arg(file).args(["50", "25", "8"]).arg(folder.path());
    let ended = process::run(node);
    assert_eq!(ended.exit, 0, "`npm ci` in tests/labels brings the renderer: {}", ended.err);
    let count: usize = ended.out.trim().parse().expect("it says how many labels there are");
    let labels = (1..=count).map(|at| folder.path().join(format!("label-{at}.png"))).collect();
    Paper { folder, labels }
}

/// The first `<svg class="label"` of a page as a picture.
pub fn draw(page: &str) -> Paper {
    let begin = page.find("<svg xmlns").expect("a page with a preview");
    let end = begin + page[begin..].find("</svg>").unwrap() + "</svg>".len();
    let folder = TempDir::new().unwrap();
    let (svg, png) = (folder.path().join("label.svg"), folder.path().join("label.png"));
    std::fs::write(&svg, &page[begin..end]).unwrap();
    let mut convert = Command::new("rsvg-convert");
    convert.args(["--zoom", "2", "--background-color", "white", "--output"]).arg(&png).arg(&svg);
    let ended = process::run(convert);
    assert_eq!(ended.exit, 0, "{}", ended.err);
    Paper { folder, labels: vec![png] }
}

impl Paper {
    /// All QR codes of a label.
    pub fn qr(&self, label: usize) -> Vec<String> {
        self.zbar(label, "qrcode")
    }

    /// All Code 128 bar codes of a label.
    pub fn code128(&self, label: usize) -> Vec<String> {
        self.zbar(label, "code128")
    }

    fn zbar(&self, label: usize, kind: &str) -> Vec<String> {
        let mut zbar = Command::new("zbarimg");
        zbar.args(["--nodbus", "--quiet", "--raw", "-Sdisable", &format!("-S{kind}.enable")]);
        let ended = process::run({
            zbar.arg(&self.labels[label]).current_dir(self.folder.path());
            zbar
        });
        // 4: there is no code in the picture
        assert!(matches!(ended.exit, 0 | 4), "{ended:?}");
        ended.out.lines().map(str::to_owned).collect()
    }

    /// The DataMatrix code of a label, which must have one.
    pub fn data_matrix(&self, label: usize) -> String {
        let mut dmtx = Command::new("dmtxread");
        dmtx.args(["--stop-after=1", "--milliseconds=10000"]).arg(&self.labels[label]);
        let ended = process::run(dmtx);
        assert_eq!(ended.exit, 0, "no DataMatrix code was found: {ended:?}");
        ended.out.trim_end_matches('\n').to_owned()
    }
}
