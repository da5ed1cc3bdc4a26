// The peers of BenchmarkPhrases among Go modules: each looks for phrases, whatever their case,
// in messages, one call a message, and counts the hits that end and begin at word borders.
// gopeer MODULE PHRASES TEXT ROUNDS; both files hold one a line. Prints one JSON object.
//
// It is no part of the module: the benchmark builds it in a folder of its own.
package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"syscall"

	"github.com/coregx/ahocorasick"
	aho_corasick "github.com/petar-dambovaliev/aho-corasick"
)

func main() {
	phrases, text := lines(os.Args[2]), lines(os.Args[3])
	rounds, err := strconv.Atoi(os.Args[4])
	check(err)
	began := now()
	scan := map[string]func([][]byte) func([]byte, func(start, end int)){"coregx": coregx, "petar": petar}[os.Args[1]](phrases)
	built := now() - began
	best, found, size := 1e9, 0, 0
	for _, m := range text {
		size += len(m) + 1
	}
	var lower []byte
	for range rounds {
		began, found = now(), 0
		for _, m := range text {
			lower = lower[:0]
			for _, c := range m {
				if c >= 'A' && c <= 'Z' {
					c |= ' '
				}
				lower = append(lower, c)
			}
			scan(lower, func(start, end int) {
				if (start == 0 || !isWord(lower[start-1])) && (end == len(lower) || !isWord(lower[end])) {
					found++
				}
			})
		}
		best = min(best, now()-began)
	}
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{"build_s": built, "scan_s": best, "bytes": size, "found": found}))
}

func petar(phrases [][]byte) func([]byte, func(start, end int)) {
	b := aho_corasick.NewAhoCorasickBuilder(aho_corasick.Opts{MatchKind: aho_corasick.StandardMatch, DFA: true})
	a := b.BuildByte(phrases)
	return func(m []byte, hit func(start, end int)) {
		all := a.IterOverlappingByte(m)
		for next := all.Next(); next != nil; next = all.Next() {
			hit(next.Start(), next.End())
		}
	}
}

func coregx(phrases [][]byte) func([]byte, func(start, end int)) {
	a, err := ahocorasick.NewBuilder().AddPatterns(phrases).Build()
	check(err)
	return func(m []byte, hit func(start, end int)) {
		for _, f := range a.FindAllOverlapping(m) {
			hit(f.Start, f.End)
		}
	}
}

func isWord(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

func lines(path string) [][]byte {
	b, err := os.ReadFile(path)
	check(err)
	return bytes.Split(bytes.TrimSuffix(b, []byte("\n")), []byte("\n"))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// now is the processor time of the process, in seconds.
func now() float64 {
	var u syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
