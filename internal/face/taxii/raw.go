//go:build raw

package taxii

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"lantern"
	"lantern/internal/format/stix"
	"lantern/internal/web"
)

// plain is a store of STIX objects in memory behind the face's own handlers, so that test suites
// which expect one can be run against them. It checks nothing of what it stores but id and
// times, knows one login and keeps no log: it is in no binary that is shipped (build tag raw).
// Its methods may be called at the same time.
type plain struct {
	clock  func() time.Time
	random io.Reader
	key    [32]byte // of next

	mu    sync.Mutex
	about discovery
	list  []*rawRoot
}

// rawRoot is an API root of a plain store.
type rawRoot struct {
	root
	statuses map[string]jsontext.Value
	objects  map[string][]record // of each collection, by its id; oldest first
	seq      int64               // of what was put last
	last     time.Time           // the latest time of adding
}

// RawConfig says how a plain store is set up.
type RawConfig struct {
	Login  string // "name:password" of its only caller, who may do what a collection says
	Clock  func() time.Time
	Random io.Reader
}

// NewRaw returns the face over a plain store that holds what seed says: a JSON object with the
// discovery resource as "/discovery", and for each API root, under its name, its "information", its
// "status" resources, and "collections", which are collection resources with "objects" and
// "manifest" beside them. The manifest's entries give the times of adding, by id and version.
// API roots are at /NAME/, discovery at /taxii2/.
func NewRaw(seed io.Reader, c RawConfig) (*Face, error) {
	r := &plain{clock: c.Clock, random: c.Random}
	if _, err := io.ReadFull(c.Random, r.key[:]); err != nil {
		return nil, fmt.Errorf("drawing a key: %w", err)
	}
	if err := r.plant(seed); err != nil {
		return nil, fmt.Errorf("reading the seed: %w", err)
	}
	name, password, ok := strings.Cut(c.Login, ":")
	if !ok {
		return nil, fmt.Errorf("a login is name:password")
	}
	want := sha256.Sum256([]byte(name + "|" + password))
	return &Face{open: func(_ context.Context, key string) (desk, error) {
		if got := sha256.Sum256([]byte(key)); subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			return nil, &lantern.Error{Kind: lantern.Unauthorized, Reason: "not the login of this store"}
		}
		return r, nil
	}}, nil
}

// planted is an API root in a seed.
type planted struct {
	Information apiRoot
	Status      []jsontext.Value
	Collections []struct {
		collection
		Objects  []jsontext.Value
		Manifest []manifestEntry
	}
}

// plant reads a seed.
func (r *plain) plant(seed io.Reader) error {
	var parts map[string]jsontext.Value
	if err := json.UnmarshalRead(seed, &parts, json.MatchCaseInsensitiveNames(true)); err != nil {
		return err
	}
	for name, part := range parts {
		if name == "/discovery" {
			if err := json.Unmarshal(part, &r.about); err != nil {
				return err
			}
			continue
		}
		var p planted
		if err := json.Unmarshal(part, &p, json.MatchCaseInsensitiveNames(true)); err != nil {
			return err
		}
		at := &rawRoot{root: root{name: name, info: p.Information}, statuses: map[string]jsontext.Value{}, objects: map[string][]record{}}
		at.info.Versions, at.info.MaxContentLength = []string{Media}, maxBody
		for _, s := range p.Status {
			var is struct{ ID string }
			if err := json.Unmarshal(s, &is, json.MatchCaseInsensitiveNames(true)); err != nil {
				return err
			}
			at.statuses[is.ID] = s
		}
		for _, c := range p.Collections {
			at.collections = append(at.collections, c.collection)
			var list []record
			for _, object := range c.Objects {
				o, err := readRaw(object)
				if err != nil {
					return err
				}
				for _, m := range c.Manifest {
					if m.ID == o.ID && (o.Version == "" || compareVersions(m.Version, o.Version) == 0) {
						o.added, _ = stix.ParseStamp(m.DateAdded)
					}
				}
				list = append(list, o)
			}
			slices.SortStableFunc(list, func(a, b record) int { return a.added.Compare(b.added) })
			for _, o := range list {
				at.put(c.ID, o, r.clock())
			}
		}
		r.list = append(r.list, at)
	}
	slices.SortFunc(r.list, func(a, b *rawRoot) int { return cmp.Compare(a.name, b.name) })
	return nil
}

// readRaw reads what a store must know of an object; the object stays as it is.
func readRaw(object jsontext.Value) (r record, err error) {
	var known struct {
		Type     string `json:"type"`
		ID       string `json:"id"`
		Spec     string `json:"spec_version"`
		Created  string `json:"created"`
		Modified string `json:"modified"`
	}
	if err := json.Unmarshal(object, &known); err != nil {
		return r, &lantern.Error{Kind: lantern.Invalid, Reason: "not a STIX object", Fix: "send one"}
	}
	r = record{Object: stix.Object{ID: known.ID, Type: known.Type, Version: cmp.Or(known.Modified, known.Created), Body: object}, spec: cmp.Or(known.Spec, "2.0")}
	kind, _, _ := strings.Cut(r.ID, "--")
	_, isTime := stix.ParseStamp(r.Version)
	if !stix.Well(r.ID) || kind != r.Type || r.Version != "" && !isTime {
		return r, &lantern.Error{Kind: lantern.Invalid, Reason: "no STIX id of its type, or a version that is no time", Fix: "see STIX 2.1, section 3"}
	}
	return r, nil
}

// put stores a version of an object that is not there yet, behind all others. One that has no time
// of adding is given one, later than theirs.
func (at *rawRoot) put(collection string, o record, now time.Time) {
	list := at.objects[collection]
	if slices.ContainsFunc(list, func(r record) bool {
		return r.ID == o.ID && r.spec == o.spec && (o.Version == "" || compareVersions(r.Version, o.Version) == 0)
	}) {
		return
	}
	if o.added.IsZero() {
		if o.added = now.Truncate(time.Microsecond); !o.added.After(at.last) {
			o.added = at.last.Add(time.Microsecond)
		}
	}
	if at.last.Before(o.added) {
		at.last = o.added
	}
	o.Version = cmp.Or(o.Version, stix.Stamp(o.added))
	at.seq++
	o.seq = at.seq
	at.objects[collection] = append(list, o)
}

func (r *plain) roots(context.Context) (discovery, []root, error) {
	list := make([]root, len(r.list))
	for i, at := range r.list {
		list[i] = at.root
	}
	return r.about, list, nil
}

// at finds a root that is there.
func (r *plain) at(name string) *rawRoot {
	return r.list[slices.IndexFunc(r.list, func(at *rawRoot) bool { return at.name == name })]
}

func (r *plain) read(_ context.Context, at place, what string, f filter) (page, error) {
	bound, from := f.bound("raw "+at.root.name+" "+at.ID+" "+what), int64(0)
	if f.next != "" {
		var ok bool
		if from, ok = r.readNext(bound, f.next); !ok {
			return page{}, errParam("next", "was not given for this", "pass what the last page gave as next, with the same filters")
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return pageOf(r.at(at.root.name).objects[at.ID], f, from, func(n int64) lantern.Cursor { return r.next(bound, n) }), nil
}

// next is a place in a list with a mark of what it is a place in.
func (r *plain) next(bound string, n int64) lantern.Cursor {
	mac := hmac.New(sha256.New, r.key[:])
	fmt.Fprintf(mac, "%d\n%s", n, bound)
	return lantern.Cursor(base64.RawURLEncoding.EncodeToString(mac.Sum(binary.BigEndian.AppendUint64(nil, uint64(n)))))
}

func (r *plain) readNext(bound string, c lantern.Cursor) (int64, bool) {
	b, err := base64.RawURLEncoding.DecodeString(string(c))
	if err != nil || len(b) < 8 {
		return 0, false
	}
	n := int64(binary.BigEndian.Uint64(b))
	return n, hmac.Equal([]byte(r.next(bound, n)), []byte(c))
}

func (r *plain) add(_ context.Context, at place, objects []jsontext.Value) (any, error) {
	now := r.clock()
	s, err := newStatus(r.random, now, len(objects))
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	root := r.at(at.root.name)
	for _, object := range objects {
		o, err := readRaw(object)
		d := detail{ID: o.ID, Version: cmp.Or(o.Version, stix.Stamp(now))}
		if err != nil {
			d.Message = err.Error()
			s.Failures = append(s.Failures, d)
			s.FailureCount++
			continue
		}
		root.put(at.ID, o, now)
		s.Successes = append(s.Successes, d)
		s.SuccessCount++
	}
	body, err := web.Encode(s)
	root.statuses[s.ID] = body
	return s, err
}

func (r *plain) status(_ context.Context, at root, id string) (any, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.at(at.name).statuses[id]; ok {
		return s, nil
	}
	return nil, errNone("status")
}

// remove deletes for good: all versions unless the filter names some.
func (r *plain) remove(_ context.Context, at place, object string, f filter) error {
	f.ids = []string{object}
	if len(f.versions) == 0 {
		f.versions = []string{"all"}
	}
	if len(f.specs) == 0 {
		f.specs = []string{"2.0", "2.1"}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	root := r.at(at.root.name)
	gone := f.choose(root.objects[at.ID])
	if len(gone) == 0 {
		return errNone("object")
	}
	root.objects[at.ID] = slices.DeleteFunc(root.objects[at.ID], func(o record) bool {
		return slices.ContainsFunc(gone, func(g record) bool { return g.seq == o.seq })
	})
	return nil
}
