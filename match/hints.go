package match

import (
	"iter"
	"strings"

	"lantern/internal/text"
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
				if !yield(markHandle, string(text.Coarse(nil, key[strings.IndexAny(key, "/:")+1:]))) {
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
			yield(markID, id)
		case signal.Phone.Name:
			if n := len(en.Canonical) - tailDigits; n > 0 {
				yield(markTail, en.Canonical[n:])
			}
		case signal.Domain.Name:
			yield(markTop, topOf(en.Canonical))
		case signal.URL.Name:
			hintURL(en.Canonical, yield)
		}
	}
}

// topOf returns the last label of a host.
func topOf(host string) string { return host[strings.LastIndexByte(host, '.')+1:] }

// hintURL yields the host of a canonical URL, and the URL without scheme up to each "/" and
// "%" of its path and up to its "?".
func hintURL(u string, yield func(markKind, string) bool) {
	at := pathAt(u)
	if at < 0 {
		return
	}
	host := hostOf(u)
	if !yield(markPage, u[strings.Index(u, "://")+3:]) || host == "" || !yield(markURLHost, host) || !yield(markTop, topOf(host)) {
		return
	}
	for i, path := 0, u[at:]; i < len(path); i++ {
		if c := path[i]; (c == '/' || c == '%' || c == '?') && !yield(markFolder, host+path[:i+1]) || c == '?' {
			return
		}
	}
}
