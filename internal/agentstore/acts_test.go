package agentstore_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"testing"
	"time"

	"lantern"
	"lantern/internal/agentstore"
)

// The digest of an act is part of the log's format.
func TestDigestOfAnActIsWhatTheProtocolSays(t *testing.T) {
	t.Parallel()
	a := agentstore.ActRow{Act: lantern.Act{ID: 1, Person: 2, Case: 3, Bulk: 4, Count: 5, At: time.UnixMicro(7), Undone: time.UnixMicro(8), UndoneBy: 9,
		Decision: lantern.Confirmed, Reason: lantern.AbuseMaterial}, Challenge: 6, Salt: bytes.Repeat([]byte{10}, 32)}
	doc, err := os.ReadFile("../../docs/protocol/log.md")
	if err != nil {
		t.Fatal(err)
	}
	if row := base64.StdEncoding.EncodeToString(a.Digest()); !bytes.Contains(doc, []byte("`"+row+"`")) {
		t.Errorf("docs/protocol/log.md lacks the row %s", row)
	}
}
