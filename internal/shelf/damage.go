package shelf

import (
	"context"
	"errors"
	"slices"

	"lantern/internal/segment"
)

// Check reads every file through and compares it with its checksums. A damaged segment is
// taken out at once, and Missing says so; what it had replaced or removed does not come
// back. It returns the [*segment.Damage] found last. Merges and Save wait for it.
func (sh *Shelf) Check(ctx context.Context) error {
	if done, err := sh.begin(); done {
		return err
	}
	defer sh.work.Unlock()
	v := sh.view.Load()
	return errors.Join(sh.verify(ctx, v.Pieces[:v.files]), sh.settle())
}

// verify checks files and takes out those that are damaged. It returns the last damage
// found. The caller holds work.
func (sh *Shelf) verify(ctx context.Context, pieces []*Piece) (last error) {
	for _, p := range slices.Backward(pieces) {
		if p.file == nil {
			continue
		}
		var err error
		if sh.guarded([]*Piece{p}, func() { err = p.Check(ctx.Err) }) {
			last = &segment.Damage{Segment: p.file.Number, Reason: "the file cannot be read", Mute: true}
			continue // it is out already
		}
		var damage *segment.Damage
		if !errors.As(err, &damage) {
			if err != nil {
				return err
			}
			continue
		}
		last = err
		if damage.Mute || !sh.silence(p) {
			sh.takeOut(p)
		}
	}
	return last
}

// silence puts a tombstone for each signal of p in its place. It reports whether it did.
func (sh *Shelf) silence(p *Piece) bool {
	var s *segment.Segment
	if sh.guarded([]*Piece{p}, func() { s = p.Silenced() }) {
		return true // it is out already
	}
	by, err := sh.write1(s)
	if err != nil {
		return false
	}
	sh.missing.Add(1)
	sh.write.Lock()
	defer sh.write.Unlock()
	next, ok := sh.view.Load().instead([]*Piece{p}, by...)
	if !ok {
		sh.retired = append(sh.retired, by...)
		return true
	}
	sh.view.Store(viewOf(next.Pieces))
	sh.fallen = append(sh.fallen, p)
	return true
}

// takeOut takes a piece and all older ones out of the view: which signals it corrected is
// not known, and what was taken back must not match again. It is called by whoever found
// the damage, also by a lookup.
func (sh *Shelf) takeOut(p *Piece) {
	sh.write.Lock()
	defer sh.write.Unlock()
	sh.takeOutHeld(p)
}

// takeOutHeld is takeOut for who holds write.
func (sh *Shelf) takeOutHeld(p *Piece) {
	v := sh.view.Load()
	i := slices.Index(v.Pieces, p)
	if i < 0 {
		return // somebody else did
	}
	sh.missing.Add(int64(i + 1))
	sh.fallen = append(sh.fallen, v.Pieces[:i+1]...)
	sh.view.Store(viewOf(slices.Clone(v.Pieces[i+1:])))
}

// settle writes down which segments were taken out. The caller holds work.
func (sh *Shelf) settle() error {
	sh.write.Lock()
	fallen, v := sh.fallen, sh.view.Load()
	sh.write.Unlock()
	if len(fallen) == 0 && len(sh.doubt) == 0 {
		return nil
	}
	files := v.Pieces[:v.files]
	held := int(sh.last.Held)
	if len(fallen) > 0 {
		held = viewOf(files).Held
	}
	if err := sh.commit(files, held, sh.last.Position, sh.Missing()); err != nil {
		return err
	}
	sh.write.Lock()
	sh.fallen = sh.fallen[len(fallen):]
	sh.write.Unlock()
	sh.retired = append(sh.retired, fallen...)
	return nil
}
