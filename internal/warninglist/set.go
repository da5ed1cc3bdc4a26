package warninglist

import (
	"hash/maphash"
	"net/netip"
	"strings"

	"lantern"
)

// digests maps keyed digests of entries to the list they are on.
type digests map[uint64]uint16

// put enters a digest, unless another list has it.
func (d digests) put(digest uint64, n uint16) {
	if _, ok := d[digest]; !ok {
		d[digest] = n
	}
}

// listedHost is a host on a list, and the types it is refused for.
type listedHost struct {
	list        uint16
	domain, url bool
}

// Set is some lists, ready to be asked.
type Set struct {
	names []string
	count int
	seed  maphash.Seed

	values    map[lantern.SignalType]digests // of canonical values, but for hosts
	hosts     map[uint64]listedHost
	parents   digests // domains with a listed host below them
	mailHosts digests
	mailboxes digests

	networks map[netip.Prefix]uint16
	lengths  [2][]int // the lengths there are, of IPv4 and IPv6
}

func newSet() *Set {
	return &Set{seed: maphash.MakeSeed(), values: map[lantern.SignalType]digests{}, hosts: map[uint64]listedHost{},
		parents: digests{}, mailHosts: digests{}, mailboxes: digests{}, networks: map[netip.Prefix]uint16{}}
}

// Lists is how many lists are applied.
func (s *Set) Lists() int { return len(s.names) }

// Entries is how many of their entries are.
func (s *Set) Entries() int { return s.count }

// digest is a keyed digest of a text.
func (s *Set) digest(text string) uint64 { return maphash.String(s.seed, text) }

// in looks a text up.
func (s *Set) in(d digests, text string) (name string, ok bool) {
	if len(d) == 0 {
		return "", false
	}
	n, ok := d[s.digest(text)]
	if !ok {
		return "", false
	}
	return s.names[n], true
}

// Check refuses a value in its canonical form if a list holds it, with a *lantern.Error
// that names the list and not the value. A nil Set refuses nothing.
func (s *Set) Check(t lantern.SignalType, canonical string) error {
	name, ok := s.find(t, canonical)
	if !ok {
		return nil
	}
	fix := "share something that points at fewer"
	switch t {
	case "url":
		fix = "give the path or the invite code too; what stands after # is dropped"
	case "domain":
		fix = "share URLs below it instead"
	}
	return &lantern.Error{Kind: lantern.Invalid, Field: "/value", Reason: "on the warning list \"" + name + "\"", Fix: fix}
}

// find returns the name of a list that holds the value.
func (s *Set) find(t lantern.SignalType, canonical string) (name string, ok bool) {
	if s == nil {
		return "", false
	}
	switch t {
	case "domain":
		if name, ok = s.in(s.parents, canonical); ok {
			return name, true
		}
		return s.host(canonical, func(h listedHost) bool { return h.domain })
	case "url":
		if host, ok := bareHost(canonical); ok {
			return s.host(host, func(h listedHost) bool { return h.url })
		}
	case "ip":
		if name, ok = s.network(canonical); ok {
			return name, true
		}
	case "email":
		if name, ok = s.mail(canonical); ok {
			return name, true
		}
	}
	return s.in(s.values[t], canonical)
}

// host looks a host up, and what "www." or "m." stands before.
func (s *Set) host(host string, refused func(listedHost) bool) (name string, ok bool) {
	for _, p := range []string{"", "www.", "m."} {
		if rest, cut := strings.CutPrefix(host, p); cut {
			if h, ok := s.hosts[s.digest(rest)]; ok && refused(h) {
				return s.names[h.list], true
			}
		}
	}
	return "", false
}

// bareHost returns the host of a URL that is nothing more, the port left out.
func bareHost(canonical string) (string, bool) {
	_, rest, ok := strings.Cut(canonical, "://")
	host, path, _ := strings.Cut(rest, "/")
	if !ok || strings.Trim(path, "/") != "" {
		return "", false
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	return host, true
}

// mail looks an address's host and mailbox up.
func (s *Set) mail(canonical string) (name string, ok bool) {
	at := strings.LastIndexByte(canonical, '@')
	if at < 0 {
		return "", false
	}
	if name, ok = s.in(s.mailHosts, canonical[at+1:]); ok {
		return name, true
	}
	return s.in(s.mailboxes, canonical[:at])
}

// network looks an address up in the networks, one length after the other.
func (s *Set) network(canonical string) (name string, ok bool) {
	if len(s.networks) == 0 {
		return "", false
	}
	a, err := netip.ParseAddr(canonical)
	if err != nil {
		return "", false
	}
	for _, bits := range s.lengths[family(a)] {
		p, err := a.Prefix(bits)
		if err != nil {
			continue // no address has this length
		}
		if n, ok := s.networks[p]; ok {
			return s.names[n], true
		}
	}
	return "", false
}

// family is the place of an address's kind in Set.lengths.
func family(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}
