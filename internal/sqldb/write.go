package sqldb

import (
	"context"
	"math/rand/v2"
	"time"

	"lantern"
)

// Bounds of the retries of a transaction that met another one.
const (
	maxAttempts = 12
	firstPause  = time.Millisecond
	longPause   = 250 * time.Millisecond
)

// Write runs fn in a writing transaction and commits it. If fn returns an error, or
// panics, nothing is kept. If the engine could not serialise it with another transaction
// fn runs again, up to a bound, then Write returns an error of kind Unavailable. Write
// must not be called inside a transaction.
//
// An error of kind Unavailable at the commit leaves open whether it was kept: the caller
// must make its writes idempotent.
func (db *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	return db.attempt(ctx, true, fn)
}

// Read runs fn in a transaction that sees one state of the database and changes nothing.
// Read must not be called inside a transaction.
func (db *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	return db.attempt(ctx, false, fn)
}

// attempt runs fn until it meets no other transaction.
func (db *DB) attempt(ctx context.Context, write bool, fn func(*Tx) error) error {
	return db.told(again(ctx, func() error { return db.once(ctx, write, fn) }))
}

// again runs try until it meets no other transaction, with growing, jittered pauses.
func again(ctx context.Context, try func() error) error {
	pause := firstPause
	for n := 1; ; n++ {
		err := try()
		if err == nil || !retryable(err) {
			return err
		}
		if n == maxAttempts {
			return lantern.Errorf(lantern.Unavailable, "the database is busy: gave up after %d attempts", n)
		}
		t := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
		pause = min(2*pause, longPause)
	}
}

// once runs fn in one transaction.
func (db *DB) once(ctx context.Context, write bool, fn func(*Tx) error) error {
	s, err := db.backend.begin(ctx, write)
	if err != nil {
		return db.clean(ctx, err)
	}
	tx := &Tx{db: db, session: s}
	committed := false
	defer func() {
		if !committed {
			tx.end(ctx) //nolint:errcheck // the transaction failed already
			s.rollback()
		}
	}()
	err = fn(tx)
	if failed := tx.end(ctx); err == nil || retryable(failed) {
		// A failed statement whose error fn swallowed, or hid under one of its own.
		err = failed
	}
	if err != nil {
		return db.clean(ctx, err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.commit(); err != nil {
		// The caller's context plays no part in a commit, so its error is not blamed on it.
		return db.clean(context.WithoutCancel(ctx), err)
	}
	committed = true
	return nil
}
