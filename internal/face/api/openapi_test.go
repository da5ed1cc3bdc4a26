package api_test

import (
	"flag"
	"reflect"
	"testing"

	"lantern/client"
	"lantern/internal/face/api"
	"lantern/internal/openapi/openapitest"
)

var update = flag.Bool("update", false, "rewrite golden files")

// The document is part of the API: a change of it must be meant.
func TestDocumentGolden(t *testing.T) {
	t.Parallel()
	doc, err := api.Document()
	openapitest.Golden(t, doc, err, *update)
}

// Every operation is a method of the client, under the same name, and the other way round.
func TestClientHasEveryOperation(t *testing.T) {
	t.Parallel()
	loadSpec(t).Methods(t, reflect.TypeFor[*client.Client](), []string{"Live", "Document"},
		[]string{"Close", "WithKey", "RecordOutcomeOnce", "FilteredFeed", "OverdueCorrections", "OwedCorrections"})
}

// The document must be one that generators take.
func TestDocumentIsSound(t *testing.T) {
	t.Parallel()
	loadSpec(t).Sound(t)
}
