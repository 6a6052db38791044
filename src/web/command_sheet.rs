//! The command sheet: every command and every slot as a bar code, to be printed and hung beside the line.

use actix_web::HttpResponse;
use askama::Template;

use crate::station::authority::Watching;
use crate::station::scan::{Command, SLOT};
use crate::web::access::Visit;
use crate::web::barcode;
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::trouble::Trouble;
use crate::web::words::command_sheet::SheetWords;
use crate::web::words::fill;

#[derive(Template)]
#[template(path = "command_sheet.html")]
struct SheetPage {
    frame: Frame,
    t: &'static SheetWords,
    commands: Vec<CodeView>,
    slots: Vec<CodeView>,
}

struct CodeView {
    word: String,
    means: &'static str,
    text: String,
    svg: String,
}

fn code(word: &str, means: &'static str, text: String, t: &SheetWords) -> CodeView {
    let name = fill(t.bar_code, &[("text", &text)]);
    // a name too long for a bar code keeps its text, to be typed
    let svg = barcode::svg(&text, &name).unwrap_or_default();
    CodeView { word: word.to_owned(), means, text, svg }
}

fn words(command: Command, t: &SheetWords) -> (&'static str, &'static str) {
    match command {
        Command::Start => (t.start, t.start_means),
        Command::Retry => (t.retry, t.retry_means),
        Command::Reprint => (t.reprint, t.reprint_means),
        Command::Confirm => (t.confirm, t.confirm_means),
        Command::Call => (t.call, t.call_means),
        Command::Scrap => (t.scrap, t.scrap_means),
        Command::LogOut => (t.log_out, t.log_out_means),
    }
}

/// `GET /command-sheet`
pub async fn page(visit: Visit<Watching>) -> Result<HttpResponse, Trouble> {
    let t = SheetWords::of(visit.language);
    let slots = visit.floor.settings.slots.iter();
    Ok(show(&SheetPage {
        frame: visit.frame(Place::Line),
        t,
        commands: Command::ALL
            .into_iter()
            .map(|command| {
                let (word, means) = words(command, t);
                code(word, means, command.code().to_owned(), t)
            })
            .collect(),
        slots: slots.map(|slot| code(slot.name.as_str(), "", format!("{SLOT}{}", slot.name), t)).collect(),
    }))
}
