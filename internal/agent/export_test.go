package agent

import (
	"context"
	"errors"
	"io"

	"lantern"
	"lantern/internal/ownlog"
	"lantern/internal/sqldb"
)

// LookAt looks at one piece in a stream of its own, to its end.
func (a *Agent) LookAt(ctx context.Context, p *lantern.Piece, r io.Reader, o PieceOptions, emit func(lantern.PieceAnswer) error) error {
	s := a.Stream(o, emit)
	return errors.Join(s.Look(ctx, p, r), s.End(ctx))
}

// Followed waits until the engine holds what the database does.
func (a *Agent) Followed() {
	a.applying.Lock()
	defer a.applying.Unlock()
}

// Fill lets the database not grow any more, as on a full disk; with room it may again.
func (a *Agent) Fill(ctx context.Context, room bool) error {
	return a.db.Write(ctx, func(tx *sqldb.Tx) error {
		pages := "PRAGMA max_page_count = 1" // SQLite takes what the file has
		if room {
			pages = "PRAGMA max_page_count = 1000000"
		}
		_, err := tx.Exec(ctx, pages)
		return err
	})
}

// VerifyOwnLog recomputes the agent's own log and holds it against the anchors
// ([ownlog.Verify]).
func (a *Agent) VerifyOwnLog(ctx context.Context, anchors ...lantern.Anchor) (r ownlog.Report, err error) {
	err = a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		r, err = ownlog.Verify(ctx, tx, anchors)
		return err
	})
	return r, err
}

// Tamper changes the database as somebody would who has the folder.
func (a *Agent) Tamper(ctx context.Context, statements ...string) error {
	return a.db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, q := range statements {
			if _, err := tx.Exec(ctx, q); err != nil {
				return err
			}
		}
		return nil
	})
}
