package warninglist

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path"
	"slices"
	"strings"
	"unicode"

	"lantern"
	"lantern/signal"
)

// The bounds of what is loaded.
const (
	maxFile    = 128 << 20 // bytes
	maxLists   = 2000
	maxEntries = 8 << 20 // of all lists
	maxName    = 120     // characters
)

// Skipped is a list, or a part of one, that is not applied.
type Skipped struct {
	File   string // within the folder
	List   string // its name, if that could be read
	Reason string
}

// list is a file. Members that are not here are of no interest.
type list struct {
	Name       string   `json:"name"`
	Type       string   `json:"type"`
	Entries    []string `json:"list"`
	Attributes []string `json:"matching_attributes"`
}

// Load reads the lists of a folder: every file in it and below whose name ends in .json.
// The error is about the folder; a list that cannot be used is skipped.
func Load(folder fs.FS) (*Set, []Skipped, error) {
	s := newSet()
	var skipped []Skipped
	err := fs.WalkDir(folder, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(file) != ".json" {
			return err
		}
		if len(s.names) == maxLists {
			return fmt.Errorf("more than %d lists", maxLists)
		}
		l, err := readList(folder, file)
		if err == nil {
			err = s.add(l)
		}
		if err != nil {
			skipped = append(skipped, Skipped{File: file, List: l.Name, Reason: err.Error()})
		}
		return nil
	})
	if root := (*fs.PathError)(nil); errors.As(err, &root) && root.Path == "." {
		err = root.Err // the caller knows the folder's name
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading the folder of warning lists: %w", err)
	}
	return s, skipped, nil
}

// readList reads a file.
func readList(folder fs.FS, file string) (l list, err error) {
	info, err := fs.Stat(folder, file)
	if err != nil || !info.Mode().IsRegular() { // a link to a device has no end
		return l, errors.New("cannot be read")
	}
	if info.Size() > maxFile {
		return l, fmt.Errorf("larger than %d MiB", maxFile>>20)
	}
	b, err := fs.ReadFile(folder, file)
	if err != nil {
		return l, errors.New("cannot be read")
	}
	if err := json.Unmarshal(b, &l); err != nil {
		return list{}, errors.New("not a warning list: a JSON object with name, type and a list of texts")
	}
	l.Name = shown(l.Name)
	if l.Name == "" {
		return l, errors.New("has no name, by which a refusal could tell of it")
	}
	return l, nil
}

// shown makes a name fit to stand in a line of an answer.
func shown(name string) string {
	name = strings.Join(strings.FieldsFunc(name, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if r := []rune(name); len(r) > maxName {
		name = string(r[:maxName])
	}
	return name
}

// add takes a list into the set. The error says what of it is not applied.
func (s *Set) add(l list) error {
	if s.count+len(l.Entries) > maxEntries {
		return fmt.Errorf("more than %d entries in all lists", maxEntries)
	}
	if len(l.Entries) == 0 {
		return errors.New("has no entries")
	}
	types := typesOf(l.Attributes)
	only := func(names ...*signal.Type) {
		types = slices.DeleteFunc(types, func(t *signal.Type) bool { return !slices.Contains(names, t) })
	}
	n := uint16(len(s.names))
	var put func(entry string) bool
	rest := "" // what entries are that cannot be applied
	switch l.Type {
	case "string":
		rest = "are no values of the types it is for, or are refused without it"
		put = func(entry string) bool { return s.putValue(types, entry, n) }
	case "hostname":
		only(signal.Domain, signal.URL)
		rest = "name no host, or one that is refused without it"
		put = func(entry string) bool {
			return s.putHost(types, strings.TrimPrefix(strings.TrimPrefix(entry, "*"), "."), n)
		}
	case "cidr":
		only(signal.IP)
		rest = "are no network and no address"
		put = func(entry string) bool { return s.putNetwork(entry, n) }
	case "substring":
		only(signal.Email)
		rest = "name no whole mail host or mailbox, or one that is refused without it"
		put = func(entry string) bool { return s.putMail(entry, n) }
	case "regex":
		return errors.New("patterns are never run")
	default:
		return errors.New("a type of list that is not known")
	}
	if len(types) == 0 {
		return fmt.Errorf("a list of type %s for none of the signal types it can be applied to", l.Type)
	}
	passed, first := 0, 0
	for i, entry := range l.Entries {
		if put(strings.TrimSpace(entry)) {
			continue
		}
		if passed++; passed == 1 {
			first = i + 1
		}
	}
	if passed < len(l.Entries) {
		s.names = append(s.names, l.Name)
		s.count += len(l.Entries) - passed
	}
	if passed > 0 {
		return fmt.Errorf("%d of %d entries %s; the first is entry %d", passed, len(l.Entries), rest, first)
	}
	return nil
}

// attributes are MISP's names of kinds of attributes, beside those the signal types know
// themselves.
var attributes = map[string][]*signal.Type{
	"hostname": {signal.Domain, signal.URL}, "domain": {signal.Domain, signal.URL}, "domain|ip": {signal.Domain, signal.IP},
	"hostname|port": {signal.Domain}, "url": {signal.URL}, "uri": {signal.URL}, "link": {signal.URL},
	"ip-src": {signal.IP}, "ip-dst": {signal.IP}, "ip-src|port": {signal.IP}, "ip-dst|port": {signal.IP},
	"email": {signal.Email}, "email-src": {signal.Email}, "email-dst": {signal.Email}, "email-reply-to": {signal.Email},
	"filename|md5": {signal.MD5}, "filename|sha1": {signal.SHA1}, "filename|sha256": {signal.SHA256},
	"btc": {signal.Payment}, "iban": {signal.Payment}, "xmr": {signal.Payment},
}

// usual are the signal types a list is for that does not say: what machines are known by.
var usual = []*signal.Type{signal.Domain, signal.URL, signal.IP, signal.Email, signal.MD5, signal.VideoMD5, signal.SHA1, signal.SHA256}

// typesOf returns the signal types a list is meant for.
func typesOf(names []string) []*signal.Type {
	if len(names) == 0 {
		return slices.Clone(usual)
	}
	return slices.DeleteFunc(signal.Types(), func(t *signal.Type) bool {
		return !slices.ContainsFunc(names, func(name string) bool {
			return name == t.MISP && name != "" || lantern.SignalType(name) == t.Name || slices.Contains(attributes[name], t)
		})
	})
}

// putValue enters a value of some types.
func (s *Set) putValue(types []*signal.Type, entry string, n uint16) (used bool) {
	for _, t := range types {
		if t == signal.Domain {
			used = s.putHost([]*signal.Type{t}, entry, n) || used
			continue
		}
		v, err := t.Normalize(entry)
		if err != nil {
			continue
		}
		if host, ok := bareHost(v.Canonical); ok && t == signal.URL {
			used = s.putHost([]*signal.Type{t}, host, n) || used
			continue
		}
		in := s.values[t.Name]
		if in == nil {
			in = digests{}
			s.values[t.Name] = in
		}
		in.put(s.digest(v.Canonical), n)
		used = true
	}
	return used
}

// putHost enters a host for domains, URLs or both: as itself, and for domains as what lies
// below each of its parents. The types refuse the broadest hosts by themselves, and no
// parent of those is registrable.
func (s *Set) putHost(types []*signal.Type, entry string, n uint16) bool {
	v, err := signal.Domain.Normalize(entry)
	if err != nil {
		return false
	}
	d := s.digest(v.Canonical)
	h, ok := s.hosts[d]
	if !ok {
		h.list = n
	}
	h.domain = h.domain || slices.Contains(types, signal.Domain)
	h.url = h.url || slices.Contains(types, signal.URL)
	s.hosts[d] = h
	if !slices.Contains(types, signal.Domain) || strings.Count(v.Canonical, ".") < 2 {
		return true
	}
	top := signal.RegistrableDomain(v.Canonical)
	for host := v.Canonical; host != top; {
		_, parent, ok := strings.Cut(host, ".")
		if !ok {
			break
		}
		host = parent
		s.parents.put(s.digest(host), n)
	}
	return true
}

// putNetwork enters a network, or one address.
func (s *Set) putNetwork(entry string, n uint16) bool {
	p, err := netip.ParsePrefix(entry)
	if err != nil {
		a, err := netip.ParseAddr(entry)
		if err != nil || a.Zone() != "" {
			return false
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	p = p.Masked()
	s.networks[p] = n
	lengths := &s.lengths[family(p.Addr())]
	if !slices.Contains(*lengths, p.Bits()) {
		*lengths = append(*lengths, p.Bits())
	}
	return true
}

// putMail enters all of a mail host ("@host") or a mailbox at any host ("abuse@").
func (s *Set) putMail(entry string, n uint16) bool {
	entry = strings.ToLower(entry)
	mailbox, host, ok := strings.Cut(entry, "@")
	if !ok || (mailbox == "") == (host == "") {
		return false
	}
	// Brought to form as a part of a whole address.
	whole := mailbox + "@example.com"
	if mailbox == "" {
		whole = "a@" + host
	}
	v, err := signal.Email.Normalize(whole)
	if err != nil {
		return false
	}
	at := strings.LastIndexByte(v.Canonical, '@')
	if mailbox == "" {
		s.mailHosts.put(s.digest(v.Canonical[at+1:]), n)
	} else {
		s.mailboxes.put(s.digest(v.Canonical[:at]), n)
	}
	return true
}
