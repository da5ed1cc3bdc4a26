package match_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
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
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, doc, "", " "); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "openapi.json")
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("the document changed: look at the change, then run go test ./internal/face/match -run Golden -update")
	}
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
	// What a client has no use for, and what it adds.
	without := map[string]bool{"Live": true, "Document": true}
	added := map[string]bool{"Close": true, "WithKey": true, "MatchStream": true, "ShareExactly": true, "ToldHits": true}
	names := map[string]bool{}
	for _, op := range openapitest.Load(t, doc, err).Operations {
		names[op.ID] = true
	}
	methods := reflect.TypeFor[*client.Agent]()
	for name := range names {
		if _, ok := methods.MethodByName(name); !ok && !without[name] {
			t.Errorf("the client lacks %s", name)
		}
	}
	for i := range methods.NumMethod() {
		if name := methods.Method(i).Name; !names[name] && !added[name] {
			t.Errorf("the client's %s is no operation", name)
		}
	}
}
