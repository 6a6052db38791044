// A key for each line of a table, as somebody who cares for speed writes it in Go: lines in blocks, a worker for each
// processor with an HMAC of its own that is reset, blocks written in their order.
//
//	derive KEY_BASE64 IN OUT
package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"log"
	"os"
	"runtime"
)

const block = 256 * 1024

type job struct {
	lines []byte
	done  chan []byte
}

func work(key []byte, jobs <-chan job) {
	mac := hmac.New(sha256.New, key)
	sum := make([]byte, 0, sha256.Size)
	text := make([]byte, base64.StdEncoding.EncodedLen(sha256.Size))
	id := make([]byte, 0, 256)
	for next := range jobs {
		out := make([]byte, 0, 3*len(next.lines))
		for rest := next.lines; len(rest) > 0; {
			line := rest
			if end := bytes.IndexByte(rest, '\n'); end >= 0 {
				line, rest = rest[:end], rest[end+1:]
			} else {
				rest = nil
			}
			cell := line
			if end := bytes.IndexByte(line, ','); end >= 0 {
				cell = line[:end]
			}
			id = append(id[:0], cell...)
			for at, letter := range id {
				if 'A' <= letter && letter <= 'Z' {
					id[at] = letter + 'a' - 'A'
				}
			}
			mac.Reset()
			mac.Write(id)
			sum = mac.Sum(sum[:0])
			base64.StdEncoding.Encode(text, sum)
			out = append(out, line...)
			out = append(out, ',')
			out = append(out, text...)
			out = append(out, '\n')
		}
		next.done <- out
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	key, err := base64.StdEncoding.DecodeString(os.Args[1])
	must(err)
	in, err := os.Open(os.Args[2])
	must(err)
	out, err := os.OpenFile(os.Args[3], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	must(err)
	reader := bufio.NewReaderSize(in, block)
	header, err := reader.ReadBytes('\n')
	must(err)
	_, err = out.Write(append(bytes.TrimRight(header, "\r\n"), ",symmetric_key\n"...))
	must(err)

	workers := runtime.NumCPU()
	jobs := make(chan job, workers)
	ordered := make(chan job, 2*workers)
	for at := 0; at < workers; at++ {
		go work(key, jobs)
	}
	go func() {
		var carry []byte
		for {
			lines := make([]byte, block)
			kept := copy(lines, carry)
			read, err := io.ReadFull(reader, lines[kept:])
			lines = lines[:kept+read]
			ended := err != nil
			if end := bytes.LastIndexByte(lines, '\n'); !ended && end >= 0 {
				carry = append([]byte(nil), lines[end+1:]...)
				lines = lines[:end+1]
			}
			if len(lines) > 0 {
				next := job{lines, make(chan []byte, 1)}
				ordered <- next
				jobs <- next
			}
			if ended {
				close(jobs)
				close(ordered)
				return
			}
		}
	}()
	for next := range ordered {
		_, err = out.Write(<-next.done)
		must(err)
	}
	must(out.Close())
}
