//! What a browser may keep: the built-in files, as long as they are the same.

use super::browser::Browser;
use crate::factory::Station;

#[test]
fn a_browser_keeps_a_built_in_file_no_longer_than_it_is_the_same() {
    let station = Station::found();
    let serving = station.serve();
    let mut browser = Browser::at(&serving.url);
    let script = browser.get("/static/line.js");
    assert_eq!((script.status, script.header("cache-control")), (200, Some("no-cache")));
    let tag = script.header("etag").expect("the file has a tag").to_owned();
    let other = browser.get("/static/style.css").header("etag").unwrap().to_owned();
    assert_ne!(tag, other, "the tag is of the content");

    for still in [tag.clone(), format!("{other}, {tag}"), format!("W/{tag}"), "*".to_owned()] {
        let same = browser.get_unless("/static/line.js", &still);
        assert_eq!((same.status, same.body.as_str()), (304, ""), "{still}");
        assert_eq!(same.header("etag"), Some(tag.as_str()));
        assert!(same.header("content-security-policy").is_some());
    }
    for older in [other.as_str(), "\"of the program before\"", "nonsense", "\""] {
        let new = browser.get_unless("/static/line.js", older);
        assert_eq!((new.status, new.body == script.body), (200, true), "{older}");
    }
    assert_eq!(browser.get_unless("/static/none.js", "*").status, 404);
}
