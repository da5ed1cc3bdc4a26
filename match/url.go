package match

import (
	"iter"
	"strings"
)

// A canonical URL is "scheme://host[:port]/path[?query]"; the functions here take it apart.

// page returns a canonical URL as it is compared. The schemes http and https lead to the
// same page nearly always, and whoever passes an address on drops or adds the "s" at will,
// so they count as one.
func page(u string) string {
	if rest, ok := strings.CutPrefix(u, "http://"); ok {
		return "https://" + rest
	}
	return u
}

// pathAt returns where the path of a canonical URL begins, or -1 if u is none.
func pathAt(u string) int {
	i := strings.Index(u, "://")
	if i < 0 {
		return -1
	}
	j := strings.IndexByte(u[i+3:], '/')
	if j < 0 {
		return -1
	}
	return i + 3 + j
}

// hostOf returns the host of a canonical URL, without port.
func hostOf(u string) string {
	at := pathAt(u)
	if at < 0 {
		return ""
	}
	host := u[strings.Index(u, "://")+3 : at]
	if strings.HasPrefix(host, "[") {
		return ""
	}
	host, _, _ = strings.Cut(host, ":")
	return host
}

// isFolder reports whether a URL signal matches what lies below it, and itself with a query: it has none, and
// a path other than "/", which would stand for a whole site.
func isFolder(u string) bool {
	at := pathAt(u)
	return at >= 0 && at+1 < len(u) && !strings.Contains(u[at:], "?")
}

// foldersOf yields the URLs below which a canonical URL lies, the shortest first: its path
// cut before or behind each "/", and the whole of it if there is a query, but never equal to it and never the root.
func foldersOf(u string) iter.Seq[string] {
	return func(yield func(string) bool) {
		at := pathAt(u)
		if at < 0 {
			return
		}
		path, _, _ := strings.Cut(u, "?")
		for end := at + 1; end < len(path); end++ {
			if path[end] == '/' && (!yield(u[:end]) || end+1 < len(u) && !yield(u[:end+1])) {
				return
			}
		}
		if len(path) < len(u) && path[len(path)-1] != '/' {
			yield(path)
		}
	}
}
