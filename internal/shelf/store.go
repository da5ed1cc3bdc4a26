package shelf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"lantern/internal/segment"
)

// store is the folder of a shelf that has one. Shelf.work guards it.
type store struct {
	folder  *segment.Folder
	stamp   segment.Stamp
	last    segment.Manifest // the newest on stable storage, as far as known
	next    uint64           // number of the next segment
	doubt   []uint64         // files that the manifest may name although it was not meant to
	strays  []uint64         // files that no manifest names: to be overwritten
	retired []*Piece         // out of view, and named by no manifest; to be overwritten when nobody reads them
	failed  error            // why the last work in the background failed
	closed  bool
}

// Status is how a shelf stands.
type Status struct {
	Signals  int   // held
	Segments int   // in memory and in files; each costs a lookup a little time
	Files    int   // how many of them are files
	Bytes    int   // of all segments together
	Missing  int   // segments taken out because they were damaged
	Failed   error // why the last merge or clean-up in the background failed; nil when it succeeded since
}

// Open returns a shelf that keeps its segments in a folder, which it creates if need be,
// with what it held at the last Save. It looks at headers alone.
//
// It returns a [*segment.Damage] if a header or the manifest is damaged, a file is missing or
// cut short, or the stamp is another.
func Open(dir string, stamp segment.Stamp, opts Options) (*Shelf, error) {
	sh, err := inFolder(dir, stamp, opts)
	if err != nil {
		return nil, err
	}
	if err := sh.load(); err != nil {
		return nil, errors.Join(err, sh.Close())
	}
	sh.merging.Store(true)
	go sh.merge() // it also overwrites what a crash left
	return sh, nil
}

// Create is [Open] of a folder whose contents, if any, are of no use: it overwrites and
// removes them.
func Create(dir string, stamp segment.Stamp, opts Options) (*Shelf, error) {
	sh, err := inFolder(dir, stamp, opts)
	if err != nil {
		return nil, err
	}
	if err := sh.clear(); err != nil {
		return nil, errors.Join(err, sh.Close())
	}
	return sh, nil
}

// inFolder returns an empty shelf in a folder that it locks.
func inFolder(dir string, stamp segment.Stamp, opts Options) (*Shelf, error) {
	sh := New(opts)
	folder, err := segment.OpenFolder(dir, opts.Step)
	if err != nil {
		return nil, err
	}
	sh.store = &store{folder: folder, stamp: stamp, next: 1}
	return sh, nil
}

// clear makes the folder empty: first the list, so that a crash leaves nothing half there.
func (sh *Shelf) clear() error {
	numbers, err := sh.folder.Numbers()
	if err != nil {
		return err
	}
	sh.strays = numbers
	sh.passed(numbers)
	if err := sh.commit(nil, 0, nil, 0); err != nil {
		return err
	}
	return sh.sweep(context.Background())
}

// passed makes sure that no number is given twice: what would be written over is not
// overwritten first.
func (sh *Shelf) passed(numbers []uint64) {
	for _, n := range numbers {
		sh.next = max(sh.next, n+1)
	}
}

// load opens what the manifest names.
func (sh *Shelf) load() error {
	m, err := sh.folder.Manifest()
	if err != nil {
		return err
	}
	numbers, err := sh.folder.Numbers()
	if err != nil {
		return err
	}
	if m.Stamp != sh.stamp && (m.Stamp != segment.Stamp{}) {
		return &segment.Damage{Reason: "it was written under another key or by other rules", Foreign: true}
	}
	var pieces []*Piece
	for _, l := range m.Segments {
		f, err := sh.folder.Open(l.Number, l.Size, sh.stamp)
		if err != nil {
			return errors.Join(err, closeAll(pieces))
		}
		pieces = append(pieces, sh.piece(f.Segment, f))
		numbers = slices.DeleteFunc(numbers, func(n uint64) bool { return n == l.Number })
	}
	sh.last, sh.next, sh.strays = *m, m.Next, numbers
	sh.passed(numbers)
	sh.missing.Store(int64(m.Missing))
	sh.view.Store(newView(pieces, int(m.Held)))
	return nil
}

func closeAll(pieces []*Piece) (err error) {
	for _, p := range pieces {
		if p.file != nil {
			err = errors.Join(err, p.file.Close())
		}
	}
	return err
}

// Position returns what the caller gave to the last [Shelf.Save]: everything up to there
// is in the folder. It is nil if nothing was saved, and in memory.
func (sh *Shelf) Position() []byte {
	sh.work.Lock()
	defer sh.work.Unlock()
	if sh.store == nil {
		return nil
	}
	return slices.Clone(sh.last.Position)
}

// Missing returns how many segments were taken out because they were damaged, since the
// shelf was last filled. A Read may find the damage itself: ask after it, too.
func (sh *Shelf) Missing() int { return int(sh.missing.Load()) }

// Status says how the shelf stands. It may wait for a merge or a Save.
func (sh *Shelf) Status() Status {
	v := sh.view.Load()
	s := Status{Signals: v.Held, Segments: len(v.Pieces), Files: v.files, Missing: sh.Missing()}
	for _, p := range v.Pieces {
		s.Bytes += len(p.Image())
	}
	sh.work.Lock()
	defer sh.work.Unlock()
	if sh.store != nil {
		s.Failed = sh.failed
	}
	return s
}

// note keeps what became of work in the background.
func (sh *Shelf) note(err error) error {
	if sh.store != nil {
		sh.failed = err
	}
	return err
}

// Save writes what is in memory into a file and makes position that of the folder, in one
// step and on stable storage. It waits for a merge that is under way; appending and reading
// go on meanwhile. In memory it does nothing.
func (sh *Shelf) Save(position []byte) error {
	if err := checkPosition(position); err != nil {
		return err
	}
	if done, err := sh.begin(); done {
		return err
	}
	defer sh.work.Unlock()
	if err := sh.settle(); err != nil {
		return err
	}
	v, run := sh.take(func(v *View) []*Piece { return v.Pieces[v.files:] })
	defer sh.letGo()
	if len(run) == 0 && sh.last.Position != nil && bytes.Equal(position, sh.last.Position) {
		return nil
	}
	files := v.Pieces[:v.files]
	by, err := sh.written(v, run, func(id uint64) bool { return speak(files, id) })
	if err != nil {
		return err
	}
	if err := sh.commit(slices.Concat(files, by), v.Held, position, sh.Missing()); err != nil {
		return sh.disown(by, err)
	}
	if len(run) > 0 {
		sh.swap(run, by...)
	}
	sh.wakeMerger(sh.view.Load())
	return nil
}

func checkPosition(position []byte) error {
	if len(position) > segment.MaxPosition {
		return fmt.Errorf("a position of %d bytes is too long", len(position))
	}
	return nil
}

// begin takes work for what concerns the folder. done: there is none, or no more, and the
// answer is err; else the caller gives work back.
func (sh *Shelf) begin() (done bool, err error) {
	sh.work.Lock()
	switch {
	case sh.store == nil:
		done = true
	case sh.closed:
		done, err = true, errClosed
	}
	if done {
		sh.work.Unlock()
	}
	return done, err
}

// written merges a run of v and writes what is left of it, if anything, into a file.
func (sh *Shelf) written(v *View, run []*Piece, needed func(uint64) bool) ([]*Piece, error) {
	if len(run) == 0 {
		return nil, nil
	}
	var s *segment.Segment
	if sh.guarded(v.Pieces, func() { s = segment.Merge(segmentsOf(run), needed) }) {
		return nil, errDamaged
	}
	if s.Len() == 0 {
		return nil, nil
	}
	return sh.write1(s)
}

// write1 writes a segment that nobody else has into a file of its own.
func (sh *Shelf) write1(s *segment.Segment) ([]*Piece, error) {
	n := sh.next
	sh.next++
	err := sh.folder.Write(n, s, sh.stamp)
	if err == nil {
		var f *segment.File
		if f, err = sh.folder.Open(n, int64(len(s.Image())), sh.stamp); err == nil {
			return []*Piece{sh.piece(f.Segment, f)}, nil
		}
	}
	sh.strays = append(sh.strays, n)
	return nil, err
}

// disown gives up files that a manifest was to name, and may: writing it failed with err.
func (sh *Shelf) disown(files []*Piece, err error) error {
	for _, p := range files {
		sh.doubt = append(sh.doubt, p.file.Number)
	}
	return errors.Join(err, closeAll(files))
}

// commit makes a manifest of files that hold so many signals.
func (sh *Shelf) commit(files []*Piece, held int, position []byte, missing int) error {
	m := segment.Manifest{Stamp: sh.stamp, Held: uint64(held), Missing: uint64(missing), Next: sh.next, Position: slices.Clone(position)}
	for _, p := range files {
		m.Segments = append(m.Segments, segment.Listed{Number: p.file.Number, Size: int64(len(p.Image()))})
	}
	if err := sh.folder.Commit(&m); err != nil {
		return err
	}
	sh.last = m
	sh.strays, sh.doubt = append(sh.strays, sh.doubt...), nil
	return nil
}

// Close lets the files go, so that the folder may be opened again. What was not saved is
// lost. Who reads later finds nothing, and Missing says so. It waits for readers and for a
// merge under way. A shelf in memory stays as it is.
func (sh *Shelf) Close() error {
	sh.work.Lock()
	defer sh.work.Unlock()
	if sh.store == nil || sh.closed {
		return nil
	}
	sh.closed = true
	sh.resting.Stop()
	sh.missing.Add(1)
	sh.write.Lock()
	pieces := slices.Concat(sh.view.Load().Pieces, sh.fallen, sh.retired)
	sh.fallen, sh.retired = nil, nil
	sh.view.Store(&View{})
	sh.write.Unlock()
	if err := sh.readers.wait(context.Background()); err != nil {
		return err
	}
	return errors.Join(closeAll(pieces), sh.folder.Close())
}
