package structure

import (
	"bytes"
	"go/ast"
	"io/fs"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// empty are package names that say nothing of what is inside, so that anything ends there.
var empty = map[string]bool{"util": true, "utils": true, "common": true, "helper": true, "helpers": true, "model": true, "models": true, "types": true, "core": true, "misc": true}

func TestPackageNames(t *testing.T) {
	t.Parallel()
	for dir, files := range readTree(t) {
		if empty[path.Base(dir)] {
			t.Errorf("%s: name the package after a noun of the domain", dir)
		}
		for _, f := range files {
			if name := strings.TrimSuffix(f.ast.Name.Name, "_test"); empty[name] {
				t.Errorf("%s: package %s: name it after a noun of the domain", f.path, name)
			}
		}
	}
}

// TestNoInit: what runs before main cannot be given a clock, a seed or an error to return.
func TestNoInit(t *testing.T) {
	t.Parallel()
	for _, files := range readTree(t) {
		for _, f := range files {
			for _, d := range f.ast.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					t.Errorf("%s:%d: func init: write the list out, or let the caller say when", f.path, f.line(fn.Pos()))
				}
			}
		}
	}
}

// What test data may name. The rules are simple and look only at what a person could
// reach: the host of a URL, the host of a mail address, a telephone number.
var (
	urlHost   = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://(?:[^\s/?#@"'<>]*@)?(\[[0-9a-f:.]+\]|[a-z0-9.-]+)`)
	mailHost  = regexp.MustCompile(`(?i)[a-z0-9._%+-]+@([a-z0-9-]+(?:\.[a-z0-9-]+)+)`)
	telephone = regexp.MustCompile(`\+\d[\d .()-]{8,18}\d|\(?\b\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b`)
)

// reserved are the names that RFC 2606 and RFC 6761 keep free for this, and those that
// exist only inside networks (RFC 6762, RFC 8375, ICANN's .internal).
var reserved = []string{"example.com", "example.org", "example.net", "test", "example", "invalid", "localhost", "localdomain", "local", "internal", "home.arpa"}

// reservedPhones are numbers that authorities keep free for films and books, by the
// digits they begin with. North America's 555-01xx is known by its end.
var reservedPhones = map[string]string{
	"447700900":  "Ofcom, mobile numbers for drama",
	"442079460":  "Ofcom, London numbers for drama",
	"4402079460": "the same, with the zero that is not dialed",
	"493023125":  "Bundesnetzagentur, Berlin numbers for media",
	"6125550":    "ACMA, numbers of New South Wales for fiction",
	"463139006":  "PTS, Gothenburg numbers for books and films",
	"35320910":   "ComReg, numbers for drama",
	"390600000":  "no subscriber's number begins with four zeros",
	"999":        "a country code nobody has",
	"61491570":   "ACMA, mobile numbers for fiction",
	"3319900":    "ARCEP, numbers for audiovisual works",
	"33639980":   "ARCEP, mobile numbers for audiovisual works",
}

// allowedNames are hosts and numbers in test data that are not reserved.
var allowedNames = exceptions{
	"gmail.com":      "aliases are folded at this provider only, with invented local parts",
	"googlemail.com": "its other name",

	"discord.gg": "links of invitation; the rule about them is under test",
	"t.me":       "likewise",
	"mega.nz":    "its links carry a key in the fragment; the rule is under test",

	"www.youtube.com": "a site that very many people use, which must be refused as a whole",
	"www.google.com":  "likewise",
	"github.io":       "a name under which anyone can register, likewise",

	"www.instagram.com": "profile addresses become handles, with an invented handle",
	"www.reddit.com":    "likewise",

	"cash.app":          "payment addresses become handles, with an invented handle",
	"www.paypal.com":    "likewise",
	"account.venmo.com": "likewise",
	"ko-fi.com":         "likewise",
	"revolut.me":        "likewise",

	"json-schema.org":           "names the dialect of the published schemas of STIX; nothing asks it",
	"raw.githubusercontent.com": "their names for each other; likewise",

	"sub.example.co.uk":      "a name that is not reserved, to have a suffix of two labels",
	"example.co.uk":          "likewise",
	"xn--exmple-4nf.com":     "example.com with a look-alike letter",
	"www.chatter":            "the beginning of www.chatter[.]test",
	"-example.com":           "no name at all: it begins with a hyphen",
	"xn--r8jz45g.xn--zckzah": "the reserved example name in Japanese",
}

func reservedHost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if a, err := netip.ParseAddr(host); err == nil {
		return reservedAddr(a.Unmap().WithZone(""))
	}
	if !strings.Contains(host, ".") && host != "localhost" {
		return true // no address of anything on the network, or written in a way that hides it
	}
	for _, r := range reserved {
		if host == r || strings.HasSuffix(host, "."+r) {
			return true
		}
	}
	// A last label of digits is an address in disguise, or nothing.
	last := host[strings.LastIndexByte(host, '.')+1:]
	return strings.Trim(last, "0123456789abcdefx") == "" && strings.ContainsAny(last, "0123456789")
}

// nobodys are networks in which no stranger can be reached: documentation, the inside of
// providers, multicast, tunnels' prefixes and what is not given out.
var nobodys = []string{
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
	"::/3", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "4000::/2", "8000::/1",
}

func reservedAddr(a netip.Addr) bool {
	if a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() {
		return true
	}
	return slices.ContainsFunc(nobodys, func(p string) bool { return netip.MustParsePrefix(p).Contains(a) })
}

func reservedPhone(number string) bool {
	var b strings.Builder
	for _, r := range number {
		if r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	digits := b.String()
	if len(digits) > 15 {
		return true // longer than any number can be (E.164)
	}
	for prefix := range reservedPhones {
		if strings.HasPrefix(digits, prefix) {
			return true
		}
	}
	n := len(digits)
	return n >= 10 && digits[n-7:n-2] == "55501"
}

// realNames returns what in text could reach somebody, each once.
func realNames(text []byte) []string {
	var found []string
	for _, re := range []*regexp.Regexp{urlHost, mailHost} {
		for _, m := range re.FindAllSubmatch(text, -1) {
			if host := strings.ToLower(string(m[1])); !reservedHost(host) {
				found = append(found, host)
			}
		}
	}
	for _, m := range telephone.FindAll(text, -1) {
		if !reservedPhone(string(m)) {
			found = append(found, string(m))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// TestSyntheticData reads every text file in a testdata folder. What a fuzzer left there
// is skipped: nobody chose those bytes.
func TestSyntheticData(t *testing.T) {
	t.Parallel()
	needed := map[string]bool{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		slashed := filepath.ToSlash(name)
		if d.IsDir() {
			if strings.HasSuffix(slashed, "/testdata/fuzz") || d.Name() == ".git" || d.Name() == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.Contains(slashed, "/testdata/") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil || bytes.IndexByte(text, 0) >= 0 || !utf8.Valid(text) {
			return err
		}
		for i, line := range bytes.Split(text, []byte("\n")) {
			for _, found := range realNames(line) {
				if !allowedNames.spare(found, needed) {
					t.Errorf("%s:%d: names something real or that may become real: use example.com, a name under .test, 192.0.2.0/24 or 555-01xx, "+
						"or add it to allowedNames with a reason", strings.TrimPrefix(slashed, "../../"), i+1)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	allowedNames.check(t, needed)
}

func TestRealNames(t *testing.T) {
	t.Parallel()
	fine := []string{
		"https://files.example.com/a", "http://user:pass@chatter.test:8080/", "x@mail.example.org", "http://[2001:db8::1]/",
		"http://192.0.2.7/", "http://127.0.0.1:80", "http://localhost:9", "http://0x7f.1/", "http://2130706433/",
		"+1 (202) 555-0143", "202-555-0199", "+44 7700 900123", "2026-11-23T03:04:05Z", "sqlite:///tmp/x", "a@b",
	}
	for _, s := range fine {
		if found := realNames([]byte(s)); len(found) != 0 {
			t.Errorf("%s: found %q, want nothing", s, found)
		}
	}
	// Put together here, so that they are nowhere in full.
	dot := "."
	real := []string{
		"https://www.somewhere" + dot + "com/a", "ftp://x@somewhere" + dot + "org", "me@somewhere" + dot + "net", "http://8.8" + dot + "8.8/",
		"http://notexample" + dot + "com", "+1 202 555 " + "1143", "202-556-" + "0143", "+49 30 1234" + "5678",
	}
	for _, s := range real {
		if found := realNames([]byte(s)); len(found) != 1 {
			t.Errorf("%s: found %q, want one", s, found)
		}
	}
}
