package exchange

import (
	"context"
	"fmt"
	"strconv"

	"lantern"
	"lantern/internal/seal"
	"lantern/internal/store"
)

// What sealed bytes are bound to, so that they cannot be moved to another record.
func personAAD(signal lantern.ID) string { return string(appendPersonAAD(nil, signal)) }
func saltAAD(signal lantern.ID) string   { return "leaf/" + signal.String() + "/salt" }
func noteAAD(signal lantern.ID) string   { return string(appendNoteAAD(nil, signal)) }
func challengeAAD(id lantern.ID, field string) string {
	return "challenge/" + id.String() + "/" + field
}

// appendPersonAAD, appendValueAAD and appendNoteAAD are for what is done once for each signal.
func appendPersonAAD(b []byte, signal lantern.ID) []byte {
	return appendAAD(b, "leaf/", signal, "/person")
}

func appendValueAAD(b []byte, signal lantern.ID) []byte {
	return appendAAD(b, "signal/", signal, "/value")
}

func appendNoteAAD(b []byte, signal lantern.ID) []byte {
	return appendAAD(b, "signal/", signal, "/note")
}

func appendAAD(b []byte, table string, id lantern.ID, field string) []byte {
	b = append(b, table...)
	if id != 0 { // as ID.String writes it
		b = strconv.AppendInt(b, int64(id), 10)
	}
	return append(b, field...)
}

// opener unseals one signal after the other into memory of its own: what it gives out is good
// until the next one. It belongs to one goroutine.
type opener struct {
	x                *Exchange
	aad, value, note []byte
}

// open returns value and note of a signal, nothing if its key is gone.
func (o *opener) open(ctx context.Context, r *store.SignalRow) (value, note []byte, err error) {
	if r.Wrapped == nil || r.Value == nil {
		return nil, nil, nil
	}
	record, err := o.x.Sealer.OpenRecord(ctx, r.Wrapped)
	if err != nil {
		return nil, nil, fmt.Errorf("opening the key of signal %s: %w", r.ID, err)
	}
	o.aad = appendValueAAD(o.aad[:0], r.ID)
	if o.value, err = record.AppendOpen(o.value[:0], o.aad, r.Value); err != nil {
		return nil, nil, fmt.Errorf("opening signal %s: %w", r.ID, err)
	}
	if r.Note == nil {
		return o.value, nil, nil
	}
	o.aad = appendNoteAAD(o.aad[:0], r.ID)
	if o.note, err = record.AppendOpen(o.note[:0], o.aad, r.Note); err != nil {
		return nil, nil, fmt.Errorf("opening the note of signal %s: %w", r.ID, err)
	}
	return o.value, o.note, nil
}

// unseal fills in value and note. A signal whose key is gone stays without.
func (x *Exchange) unseal(ctx context.Context, r store.SignalRow, s *lantern.Signal) error {
	if r.Wrapped == nil || r.Value == nil {
		return nil
	}
	o := opener{x: x}
	value, note, err := o.open(ctx, &r)
	if err != nil {
		return err
	}
	s.Note = string(note)
	return showValue(s, r.Type, string(value))
}

// sealNote seals a draft's note; an empty one is not kept.
func (x *Exchange) sealNote(r seal.Record, id lantern.ID, note string) ([]byte, error) {
	if note == "" {
		return nil, nil
	}
	b, err := r.Seal(x.Random, noteAAD(id), []byte(note))
	if err != nil {
		return nil, fmt.Errorf("sealing a note: %w", err)
	}
	return b, nil
}

// sealText seals a text under a signal's key. Without a text, or once the key is gone,
// there is nothing to keep.
func (x *Exchange) sealText(ctx context.Context, row store.SignalRow, aad, text string) ([]byte, error) {
	if text == "" || row.Wrapped == nil {
		return nil, nil
	}
	record, err := x.Sealer.OpenRecord(ctx, row.Wrapped)
	if err != nil {
		return nil, fmt.Errorf("opening the key of signal %s: %w", row.ID, err)
	}
	return record.Seal(x.Random, aad, []byte(text))
}

// openText is the other way round.
func (x *Exchange) openText(ctx context.Context, row store.SignalRow, aad string, sealed []byte) (string, error) {
	if sealed == nil || row.Wrapped == nil {
		return "", nil
	}
	record, err := x.Sealer.OpenRecord(ctx, row.Wrapped)
	if err != nil {
		return "", fmt.Errorf("opening the key of signal %s: %w", row.ID, err)
	}
	text, err := record.Open(aad, sealed)
	if err != nil {
		return "", fmt.Errorf("opening a text of signal %s: %w", row.ID, err)
	}
	return string(text), nil
}
