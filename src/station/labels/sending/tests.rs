use super::*;
use crate::store::labels::LabelState;
use std::net::TcpListener;
use std::thread;

fn label() -> Label {
    Label {
        id: 1,
        run: 7,
        serial: "SN-17".parse().unwrap(),
        copy: 2,
        printer: "a".parse().unwrap(),
        person: "ada".to_owned(),
        reason: None,
        state: LabelState::Waiting,
        digest: None,
        zpl: None,
        attempts: 0,
        last_error: None,
        created: crate::station::clock::now(),
        printed: None,
        settled: None,
    }
}

fn printer() -> (TcpListener, Way) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let way = Way::Network(listener.local_addr().unwrap());
    (listener, way)
}

#[test]
fn a_printer_is_given_the_whole_label() {
    let (listener, way) = printer();
    let heard = thread::spawn(move || {
        let mut text = String::new();
        listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
        text
    });
    send(&way, &label(), "^XA^XZ").unwrap();
    assert_eq!(heard.join().unwrap(), "^XA^XZ");
}

#[test]
fn a_printer_that_is_not_there_is_out_and_one_that_breaks_off_leaves_a_doubt() {
    let (listener, way) = printer();
    let broken = thread::spawn(move || {
        // closed with bytes unread: the system says so with a reset
        let (stream, _) = listener.accept().unwrap();
        let mut one = [0; 1];
        stream.peek(&mut one).unwrap();
    });
    let error = send(&way, &label(), &"^XA^XZ".repeat(100)).unwrap_err();
    assert!(matches!(error, NotSent::Doubtful { .. }), "{error}");
    broken.join().unwrap();
    assert!(matches!(send(&way, &label(), "^XA^XZ"), Err(NotSent::Out { .. })));
}

#[test]
fn a_silent_printer_holds_the_line_open_no_longer_than_it_may() {
    let (listener, way) = printer();
    let begun = Instant::now();
    send(&way, &label(), "^XA^XZ").unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5));
    drop(listener);
}

#[test]
fn files_hold_whole_labels() {
    let folder = tempfile::tempdir().unwrap();
    let file = Way::File(folder.path().join("labels/out.zpl"));
    send(&file, &label(), "^XA1^XZ\n").unwrap();
    send(&file, &label(), "^XA2^XZ\n").unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("labels/out.zpl")).unwrap(), "^XA1^XZ\n^XA2^XZ\n");
    let each = Way::Folder(folder.path().join("each/"));
    send(&each, &label(), "^XA^XZ").unwrap();
    send(&each, &label(), "^XA^XZ").unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("each/00000007-02.zpl")).unwrap(), "^XA^XZ");
    assert_eq!(fs::read_dir(folder.path().join("each")).unwrap().count(), 1);
    fs::write(folder.path().join("plain"), "").unwrap();
    let nowhere = Way::File(folder.path().join("plain/out.zpl"));
    assert!(matches!(send(&nowhere, &label(), "x"), Err(NotSent::Out { .. })));
}
