package match

import (
	"iter"
	"strings"

	"lantern/internal/text"
	"lantern/internal/wordhash"
	"lantern/signal"
)

// tailDigits is how many last digits of a telephone number are marked.
const tailDigits = 6

// hints yields the marks, beside those of its keys, that let [Engine.Scan] pass over text
// quickly: what surely stands in every text in which the entry can be found.
func hints(t *signal.Type, en *Entry) iter.Seq2[markKind, string] {
	return func(yield func(markKind, string) bool) {
		switch t.Name {
		case signal.Username.Name, signal.Payment.Name:
			for _, key := range append([]string{en.Canonical}, en.Weak...) {
				handle := string(text.Coarse(nil, key[strings.IndexAny(key, "/:")+1:]))
				if !yield(markHandle, handle) || !hintWord(handle, len(handle), yield) {
					return
				}
			}
		case signal.Email.Name:
			for _, key := range append([]string{en.Canonical}, en.Weak...) {
				if !yield(markMail, string(text.MailName(nil, key[:strings.LastIndexByte(key, '@')+1]))) {
					return
				}
			}
		case signal.Account.Name:
			_, id, _ := strings.Cut(en.Canonical, ":")
			_ = yield(markID, id) && hintWord(id, len(id), yield)
		case signal.Phone.Name:
			if n := len(en.Canonical) - tailDigits; n > 0 {
				yield(markTail, en.Canonical[n:])
			}
		case signal.Domain.Name:
			hintHost(en.Canonical, yield)
		case signal.URL.Name:
			hintURL(en.Canonical, yield)
		}
	}
}

// hintWord yields the longest word of letters and digits of ASCII in s before limit, by its hash, and
// the pair that it makes with its neighbor: whoever writes s in ASCII writes these words, if there are any,
// one behind the other.
func hintWord(s string, limit int, yield func(markKind, string) bool) bool {
	var hashes []uint64
	best, longest := -1, 0
	b := []byte(s)
	for i := 0; i < len(b); i++ {
		start := i
		for i < len(b) && text.Classes[b[i]]&(text.Letter|text.Digit) != 0 {
			i++
		}
		if start == i {
			continue
		}
		if start < limit && i-start > longest {
			best, longest = len(hashes), i-start
		}
		hashes = append(hashes, wordhash.ASCII(b, start, i))
	}
	if best < 0 {
		return true
	}
	h := hashes[best]
	with := alone(h)
	switch {
	case best+1 < len(hashes):
		with = text.Pair(h, hashes[best+1])
	case best > 0:
		with = text.Pair(hashes[best-1], h)
	}
	return yield(markWord, string(wordKey(h))) && yield(markWord, string(wordKey(^h))) && yield(markWord, string(wordKey(with)))
}

// alone is what a word without a neighbor is marked by, in the place of a pair.
func alone(h uint64) uint64 { return text.Pair(h, 0) }

// hintHost is hintWord of a host. Its last label has so many others for company that it is taken
// only if there is nothing else.
func hintHost(host string, yield func(markKind, string) bool) bool {
	if dot := strings.LastIndexByte(host, '.'); dot > 0 {
		return hintWord(host, dot, yield)
	}
	return hintWord(host, len(host), yield)
}

// anyHost is marked if some URL signal has a host that can be written in other words: a number.
const anyHost = ""

// hintURL yields the host of a canonical URL, a word of it, and the URL without scheme up to each "/" and
// "%" of its path and up to its "?".
func hintURL(u string, yield func(markKind, string) bool) {
	at := pathAt(u)
	if at < 0 {
		return
	}
	host := hostOf(u)
	if !yield(markPage, u[strings.Index(u, "://")+3:]) {
		return
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last == "" || text.Classes[last[0]]&text.Digit != 0 {
		if !yield(markWord, anyHost) || host == "" {
			return
		}
	} else if !hintHost(host, yield) {
		return
	}
	if !yield(markURLHost, host) {
		return
	}
	for i, path := 0, u[at:]; i < len(path); i++ {
		if c := path[i]; (c == '/' || c == '%' || c == '?') && !yield(markFolder, host+path[:i+1]) || c == '?' {
			return
		}
	}
}
