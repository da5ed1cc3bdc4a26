package exchange

import (
	"context"
	"fmt"

	"lantern"
	"lantern/internal/seal"
	"lantern/internal/store"
)

// What sealed bytes are bound to, so that they cannot be moved to another record.
func personAAD(signal lantern.ID) string { return "leaf/" + signal.String() + "/person" }
func saltAAD(signal lantern.ID) string   { return "leaf/" + signal.String() + "/salt" }
func valueAAD(signal lantern.ID) string  { return "signal/" + signal.String() + "/value" }
func noteAAD(signal lantern.ID) string   { return "signal/" + signal.String() + "/note" }
func challengeAAD(id lantern.ID, field string) string {
	return "challenge/" + id.String() + "/" + field
}

// unseal fills in value and note. A signal whose key is gone stays without.
func (x *Exchange) unseal(ctx context.Context, r store.SignalRow, s *lantern.Signal) error {
	if r.Wrapped == nil || r.Value == nil {
		return nil
	}
	record, err := x.Sealer.OpenRecord(ctx, r.Wrapped)
	if err != nil {
		return fmt.Errorf("opening the key of signal %s: %w", r.ID, err)
	}
	value, err := record.Open(valueAAD(r.ID), r.Value)
	if err != nil {
		return fmt.Errorf("opening signal %s: %w", r.ID, err)
	}
	if err := showValue(s, r.Type, string(value)); err != nil {
		return err
	}
	if r.Note != nil {
		note, err := record.Open(noteAAD(r.ID), r.Note)
		if err != nil {
			return fmt.Errorf("opening the note of signal %s: %w", r.ID, err)
		}
		s.Note = string(note)
	}
	return nil
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
