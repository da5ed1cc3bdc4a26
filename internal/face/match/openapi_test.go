package match_test

import (
	"flag"
	"reflect"
	"testing"

	"lantern/client"
	face "lantern/internal/face/match"
	"lantern/internal/openapi/openapitest"
)

var update = flag.Bool("update", false, "rewrite golden files")

// The document is part of the API: a change of it must be meant.
func TestDocumentGolden(t *testing.T) {
	t.Parallel()
	doc, err := face.Document()
	openapitest.Golden(t, doc, err, *update)
}

// The document must be one that generators take.
func TestDocumentIsSound(t *testing.T) {
	t.Parallel()
	doc, err := face.Document()
	openapitest.Load(t, doc, err).Sound(t)
}

// Every operation is a method of the client, under the same name, and the other way round.
func TestClientHasEveryOperation(t *testing.T) {
	t.Parallel()
	doc, err := face.Document()
	openapitest.Load(t, doc, err).Methods(t, reflect.TypeFor[*client.Agent](), []string{"Live", "Document"},
		[]string{"Close", "WithKey", "MatchStream", "ShareExactly", "ToldHits"})
}
