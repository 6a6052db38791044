use super::*;
use proptest::prelude::*;
use std::io::Read;

fn identity() -> (x25519::Identity, String) {
    let identity = x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    (identity, recipient)
}

fn refused(texts: &[&str]) -> BadRecipients {
    let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
    Recipients::parse(&texts).unwrap_err()
}

#[test]
fn each_recipient_opens_what_was_sealed_and_nobody_else_does() {
    let ((one, first), (two, second), (other, _)) = (identity(), identity(), identity());
    let recipients = Recipients::parse(&[first.clone(), format!(" {second}\n"), first.clone()]).unwrap();
    assert_eq!(recipients.texts(), [first, second]);
    let plain = vec![b'k'; 200_000];
    let sealed = recipients.seal(&Secret::new(plain.clone())).unwrap();
    assert!(sealed.starts_with(b"age-encryption.org/v1\n"));
    let open = |identity: &x25519::Identity| {
        let reader = age::Decryptor::new_buffered(&sealed[..]).unwrap();
        let mut reader = reader.decrypt(std::iter::once(identity as &dyn age::Identity)).ok()?;
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        Some(read)
    };
    assert_eq!(open(&one).as_deref(), Some(&plain[..]));
    assert_eq!(open(&two).as_deref(), Some(&plain[..]));
    assert_eq!(open(&other), None);
}

#[test]
fn a_bad_recipient_is_told_by_its_place_and_a_secret_is_not_repeated() {
    use age::secrecy::ExposeSecret;
    let (identity, good) = identity();
    let secret = identity.to_string().expose_secret().to_owned();
    for text in [secret.clone(), secret.to_lowercase(), format!("  {secret}")] {
        let fault = refused(&[&good, &text]);
        assert_eq!(fault, BadRecipients::Identity { place: 2 });
        assert!(
            !fault.to_string().contains(&secret[..20]) && !format!("{fault:?}").contains(&secret[15..30])
        );
    }
    assert_eq!(refused(&[]), BadRecipients::Nobody);
    assert_eq!(refused(&["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"]), BadRecipients::Ssh { place: 1 });
    assert_eq!(refused(&["age1yubikey1qwt50d05nh5vutpdzmlg5wn8"]), BadRecipients::OtherKind { place: 1 });
    assert_eq!(refused(&[&good, &good[..61]]), BadRecipients::Garbled { place: 2 });
    assert_eq!(refused(&[""]), BadRecipients::Garbled { place: 1 });
    let mut typo = good.clone().into_bytes();
    typo[30] = if typo[30] == b'q' { b'p' } else { b'q' };
    assert_eq!(refused(&[&String::from_utf8(typo).unwrap()]), BadRecipients::Garbled { place: 1 });
    let many = vec![good; MOST_RECIPIENTS + 1];
    assert_eq!(Recipients::parse(&many), Err(BadRecipients::TooMany { found: MOST_RECIPIENTS + 1 }));
}

proptest! {
    #[test]
    fn hostile_recipients_never_panic(text in "(age1|AGE-SECRET-KEY-1|ssh-)?\\PC{0,70}") {
        let _ = Recipients::parse(&[text]);
    }
}
