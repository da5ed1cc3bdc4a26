package signal

import "strings"

// dots are the ways people write a dot so that a link cannot be clicked.
var dots = strings.NewReplacer(
	"[.]", ".", "(.)", ".", "{.}", ".", "<.>", ".", `\.`, ".", "[.", ".", ".]", ".",
	"[dot]", ".", "(dot)", ".", "{dot}", ".", "[DOT]", ".", "(DOT)", ".", "[punkt]", ".", "(punkt)", ".",
	"[d0t]", ".", "(d0t)", ".", "[Dot]", ".", "(Dot)", ".",
	"。", ".", "．", ".", "｡", ".", "․", ".",
)

// ats are the ways people write an at sign.
var ats = strings.NewReplacer(
	"[at]", "@", "(at)", "@", "{at}", "@", "<at>", "@", "[AT]", "@", "(AT)", "@", "[@]", "@", "(@)", "@",
	"[At]", "@", "(At)", "@", "＠", "@", "﹫", "@",
)

// refangDots undoes defanged dots. A bracketed IPv6 address stays as it is.
func refangDots(s string) string {
	if ascii(s) && !strings.ContainsAny(s, `[({<\`) {
		return s
	}
	return closeUp(dots.Replace(s), ".")
}

// closeUp removes blanks around sep, which remain where "example [.] com" was written.
func closeUp(s, sep string) string {
	for strings.Contains(s, " "+sep) {
		s = strings.ReplaceAll(s, " "+sep, sep)
	}
	for strings.Contains(s, sep+" ") {
		s = strings.ReplaceAll(s, sep+" ", sep)
	}
	return s
}

// schemes are the ways people write the start of a web address so that it cannot be
// clicked, in lower case, and what they mean.
var schemes = []struct{ written, meant string }{
	{"hxxps", "https"}, {"hxxp", "http"},
	{"htxps", "https"}, {"htxp", "http"},
	{"hxtps", "https"}, {"hxtp", "http"},
	{"h**ps", "https"}, {"h**p", "http"},
	{"httxs", "https"}, {"httx", "http"},
	{"h__ps", "https"}, {"h__p", "http"},
	{"h--ps", "https"}, {"h--p", "http"},
	{"xxxxs", "https"}, {"xxxx", "http"},
	{"ttps", "https"}, {"ttp", "http"},
	{"tps", "https"}, {"tp", "http"},
	{"https", "https"}, {"http", "http"},
}

// colons are the ways people write what follows the scheme.
var colons = []string{"[://]", "(://)", "[:]//", "(:)//", ":[//]", "[:/]/", ":// ", "[:]\\\\", ":\\\\", "://"}

// splitScheme takes a web address, defanged or not, apart: the scheme meant, "" if none
// is written, and what follows "://".
func splitScheme(s string) (scheme, rest string) {
	head := strings.ToLower(s[:min(len(s), 8)])
	for _, w := range schemes {
		if !strings.HasPrefix(head, w.written) {
			continue
		}
		after := strings.TrimLeft(s[len(w.written):], " ")
		for _, c := range colons {
			if strings.HasPrefix(after, c) {
				return w.meant, strings.TrimLeft(after[len(c):], " ")
			}
		}
	}
	return "", s
}
