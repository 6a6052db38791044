//! The floor: two threads, blocks cut at line ends, the first cell of each line through HMAC-SHA256 whose key is
//! expanded once, base64, written in order. Nothing is checked, recorded, digested or made durable.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Condvar, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const BLOCK: usize = 262_144;

struct Input {
    file: File,
    carry: Vec<u8>,
    number: u64,
}

impl Input {
    fn next(&mut self, block: &mut Vec<u8>) -> Option<u64> {
        block.clear();
        std::mem::swap(block, &mut self.carry);
        let missing = u64::try_from(BLOCK - block.len()).unwrap();
        Read::by_ref(&mut self.file).take(missing).read_to_end(block).unwrap();
        let cut = memchr::memrchr(b'\n', block)? + 1;
        self.carry.extend_from_slice(&block[cut..]);
        block.truncate(cut);
        self.number += 1;
        Some(self.number - 1)
    }
}

fn work(key: &Hmac<Sha256>, block: &[u8], out: &mut Vec<u8>) {
    let mut id = Vec::new();
    let mut text = [0; 44];
    let mut begin = 0;
    for end in memchr::memchr_iter(b'\n', block) {
        let line = &block[begin..end];
        begin = end + 1;
        id.clear();
        id.extend_from_slice(&line[..memchr::memchr(b',', line).unwrap_or(line.len())]);
        id.make_ascii_lowercase();
        let mut mac = key.clone();
        mac.update(&id);
        STANDARD.encode_slice(mac.finalize().into_bytes(), &mut text).unwrap();
        out.extend_from_slice(line);
        out.push(b',');
        out.extend_from_slice(&text);
        out.push(b'\n');
    }
}

/// Derives a key a line; the first line is the header.
pub fn derive(key: &[u8], input: &Path, output: &Path) {
    let key = Hmac::<Sha256>::new_from_slice(key).unwrap();
    let mut file = File::open(input).unwrap();
    let mut header = String::new();
    BufReader::new(File::open(input).unwrap()).read_line(&mut header).unwrap();
    file.seek(SeekFrom::Start(u64::try_from(header.len()).unwrap())).unwrap();
    let mut out = File::create_new(output).unwrap();
    writeln!(out, "{},symmetric_key", header.trim_end()).unwrap();
    let input = Mutex::new(Input { file, carry: Vec::new(), number: 0 });
    let (sink, turn) = (Mutex::new((out, 0)), Condvar::new());
    let thread = || {
        let (mut block, mut made) = (Vec::new(), Vec::new());
        loop {
            let Some(number) = input.lock().unwrap().next(&mut block) else { break };
            made.clear();
            work(&key, &block, &mut made);
            let mut sink = turn.wait_while(sink.lock().unwrap(), |sink| sink.1 != number).unwrap();
            sink.0.write_all(&made).unwrap();
            sink.1 += 1;
            turn.notify_all();
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(thread);
        thread();
    });
}
