package agent_test

import (
	"path/filepath"
	"testing"

	"lantern"
	"lantern/internal/sqldb"
)

// secretsOf reads the sealed value and the wrapped key of a signal out of an agent's database.
func secretsOf(t *testing.T, dir string, id lantern.ID) (sealed, wrapped []byte) {
	t.Helper()
	db, err := sqldb.Open(t.Context(), "sqlite:"+filepath.Join(dir, "agent.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	err = db.Read(t.Context(), func(tx *sqldb.Tx) error {
		return tx.QueryRow(t.Context(), `SELECT r.sealed, s.wrapped FROM replica r JOIN secret s ON s.signal = r.signal WHERE r.signal = $1`, id).Scan(&sealed, &wrapped)
	})
	if err != nil {
		t.Fatal(err)
	}
	return sealed, wrapped
}

// damage breaks the wrapped key of a signal.
func damage(t *testing.T, dir string, id lantern.ID) {
	t.Helper()
	db, err := sqldb.Open(t.Context(), "sqlite:"+filepath.Join(dir, "agent.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	err = db.Write(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE secret SET wrapped = $1 WHERE signal = $2`, []byte("damaged"), id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
