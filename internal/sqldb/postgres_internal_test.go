package sqldb

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"lantern"
)

// TestWhyPostgresCannotServe holds what callers are told to the server's codes, and keeps the
// names of its files from them.
func TestWhyPostgresCannotServe(t *testing.T) {
	t.Parallel()
	db := &DB{backend: &postgresDB{}}
	const message = `could not extend file "base/16384/16397"`
	for code, want := range map[string]string{
		"53100": downFull, "53200": downMemory, "53300": downBusy, "58030": downFiles, "XX001": downDamaged,
		"57P01": downEnding, "08006": downLost, "25006": downReader, "23505": "", "40001": "",
	} {
		err := db.clean(context.Background(), &pgconn.PgError{Code: code, Message: message})
		var e *lantern.Error
		if down := errors.As(err, &e); down != (want != "") || down && (e.Kind != lantern.Unavailable || e.Reason != want || strings.Contains(e.Error(), "base/")) {
			t.Errorf("%s: a caller is told %v, want %q", code, e, want)
		}
		if !strings.Contains(err.Error(), code) {
			t.Errorf("%s: the log is told %v", code, err)
		}
	}
}
