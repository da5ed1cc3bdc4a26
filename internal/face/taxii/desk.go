package taxii

import (
	"context"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"lantern"
	"lantern/internal/format/stix"
)

// desk is what one caller may read and write, behind the routing, the negotiation, the filters and
// the forms of answers, which are the same for all. The programs of an exchange are one; for work
// on conformance alone there is a plain store (raw.go).
type desk interface {
	// roots describes the server and the API roots that the caller may know of. What a root has not
	// listed is not there.
	roots(ctx context.Context) (discovery, []root, error)
	// read reads a page of a collection that may be read, oldest first. what names the resource:
	// a next is of use with it alone. A page begins behind the filter's next.
	read(ctx context.Context, at place, what string, f filter) (page, error)
	// add takes the objects of an envelope, each by itself, into a collection that may be written.
	add(ctx context.Context, at place, objects []jsontext.Value) (any, error)
	// status returns what became of an envelope that the caller sent to the root.
	status(ctx context.Context, at root, id string) (any, error)
	// remove takes the versions of an object that pass the filter out of a collection that may be
	// read and written; NotFound if there are none.
	remove(ctx context.Context, at place, object string, f filter) error
}

// root is an API root with its collections, in the order in which they are listed.
type root struct {
	name        string // of its path
	info        apiRoot
	program     lantern.ID // at the exchange
	collections []collection
}

// place is a collection that the caller may know of.
type place struct {
	root root
	collection
}

// record is one version of an object in a collection.
type record struct {
	stix.Object
	spec  string // the version of STIX it is written in
	added time.Time
	seq   int64 // its place in a list; rises as added does
}

// page is a part of a collection.
type page struct {
	records []record
	next    lantern.Cursor // "" on the last page
}
