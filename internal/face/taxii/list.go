package taxii

import (
	"cmp"
	"slices"

	"lantern"
	"lantern/internal/format/stix"
)

// pageOf reads a page of a list that is held in memory, oldest first, behind the place from. ticket
// gives a place the form of a next.
func pageOf(list []record, f filter, from int64, ticket func(int64) lantern.Cursor) (p page) {
	for _, r := range f.choose(list) {
		if r.seq <= from || !r.added.After(f.after) {
			continue
		}
		if len(p.records) == f.limit {
			p.next = ticket(p.records[f.limit-1].seq)
			break
		}
		p.records = append(p.records, r)
	}
	return p
}

// choose returns what a filter lets through of a list that may have several versions of an object:
// section 3.4 of TAXII 2.1. Which versions of STIX are wanted is asked first, then which of an
// object's versions among those; left out, each means the newest.
func (f *filter) choose(list []record) (chosen []record) {
	versions := map[string][]record{} // of each object, those in a version of STIX that is wanted
	for _, r := range list {
		if f.names(r.Object) && (len(f.specs) == 0 || slices.Contains(f.specs, r.spec)) {
			versions[r.ID] = append(versions[r.ID], r)
		}
	}
	for _, all := range versions {
		if len(f.specs) == 0 {
			newest := slices.MaxFunc(all, func(a, b record) int { return cmp.Compare(a.spec, b.spec) }).spec
			all = slices.DeleteFunc(all, func(r record) bool { return r.spec != newest })
		}
		slices.SortStableFunc(all, func(a, b record) int { return compareVersions(a.Version, b.Version) })
		for i, r := range all {
			if f.version(r.Version, i == 0, i == len(all)-1) {
				chosen = append(chosen, r)
			}
		}
	}
	slices.SortFunc(chosen, func(a, b record) int { return cmp.Compare(a.seq, b.seq) })
	return chosen
}

// names reports whether an object has an id and a type that are wanted.
func (f *filter) names(o stix.Object) bool {
	return (len(f.ids) == 0 || o.ID == "" || slices.Contains(f.ids, o.ID)) && (len(f.types) == 0 || slices.Contains(f.types, o.Type))
}

// version reports whether a version of an object is wanted, by its place among them.
func (f *filter) version(v string, first, last bool) bool {
	if len(f.versions) == 0 {
		return last
	}
	return slices.ContainsFunc(f.versions, func(want string) bool {
		return want == "all" || want == "first" && first || want == "last" && last || compareVersions(want, v) == 0
	})
}

// compareVersions compares the names of two versions, which are times. A word is no time and
// equals none.
func compareVersions(a, b string) int {
	x, ok := stix.ParseStamp(a)
	y, too := stix.ParseStamp(b)
	if !ok || !too {
		return cmp.Compare(a, b)
	}
	return x.Compare(y)
}

// passes reports whether an object of which there is one version, in the one version of STIX that
// the exchange writes, is one that the filter lets through.
func (f *filter) passes(o stix.Object) bool {
	return f.names(o) && (len(f.specs) == 0 || slices.Contains(f.specs, stix.SpecVersion)) && f.version(o.Version, true, true)
}
