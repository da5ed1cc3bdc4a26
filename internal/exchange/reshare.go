package exchange

import (
	"errors"
	"fmt"
	"slices"

	"lantern"
	"lantern/audit"
	"lantern/internal/policy"
	"lantern/internal/store"
)

// reshare handles a draft on a value the member already has a signal on.
func (x *Exchange) reshare(t *txn, a policy.Actor, p *prepared) (lantern.ShareResult, error) {
	row, ok, err := store.SignalByKey(t.ctx, t.Tx, a.Member, p.row.Key)
	if err != nil {
		return lantern.ShareResult{}, err
	}
	if !ok {
		return lantern.ShareResult{}, fmt.Errorf("signal %s conflicts with a row that is not there", p.row.ID)
	}
	if row.State == lantern.Withdrawn || row.State == lantern.Expired {
		return x.shareAnew(t, a, p, row)
	}
	if err := p.keepBasis(row); err != nil {
		return lantern.ShareResult{}, err
	}
	if row.State != lantern.Held && row.Status != lantern.NonViolating && p.draft.Status == lantern.NonViolating {
		return x.clear(t, a, p, row)
	}
	if row.Status == lantern.NonViolating && p.draft.Status != lantern.NonViolating && p.marked {
		return refusal(&lantern.Error{Kind: lantern.Conflict, Field: "/status", Reason: "the value was cleared after a challenge",
			Fix: "withdraw the signal and share it anew: it is then held for a second person"}), nil
	}
	have, err := store.PlacementsOf(t.ctx, t.Tx, row.ID)
	if err != nil {
		return lantern.ShareResult{}, err
	}
	var missing []lantern.ID
	for _, id := range p.draft.Programs {
		if !slices.ContainsFunc(have, func(h store.Placement) bool { return h.Program == id }) {
			missing = append(missing, id)
		}
	}
	links, err := store.LinksOf(t.ctx, t.Tx, row.ID)
	if err != nil {
		return lantern.ShareResult{}, err
	}
	known := func(l lantern.Link) bool {
		return slices.ContainsFunc(links, func(h store.LinkRow) bool { return h.Link == l })
	}
	newLink := slices.ContainsFunc(p.draft.Links, func(l lantern.Link) bool { return !known(l) })
	joins, err := joinsIncident(t, p, row)
	if err != nil {
		var e *lantern.Error
		if errors.As(err, &e) {
			return refusal(e), nil
		}
		return lantern.ShareResult{}, err
	}
	if row.Opinion == p.row.Opinion && string(row.Content) == string(p.row.Content) && len(missing) == 0 && !newLink && !joins {
		status := lantern.Unchanged
		if row.State == lantern.Held {
			status = lantern.HeldBack // still: sharing it again is no new evidence
		}
		return lantern.ShareResult{Status: status, Signal: row.ID}, nil
	}
	return x.amend(t, a, p, row, have, missing)
}

// shareAnew shares a value again whose earlier signal ended: a signal of its own, with an
// id of its own; the earlier one stays a tombstone.
func (x *Exchange) shareAnew(t *txn, a policy.Actor, p *prepared, old store.SignalRow) (lantern.ShareResult, error) {
	if err := store.ReleaseKey(t.ctx, t.writing(), old); err != nil {
		return lantern.ShareResult{}, fmt.Errorf("making room for a signal: %w", err)
	}
	siblings, err := store.SiblingsOn(t.ctx, t.Tx, p.row.Key)
	if err != nil {
		return lantern.ShareResult{}, err
	}
	fresh := []store.SignalRow{p.row}
	if err := t.allInForce(fresh); err != nil {
		return lantern.ShareResult{}, err
	}
	if err := store.InsertSignals(t.ctx, t.writing(), fresh); err != nil {
		return lantern.ShareResult{}, fmt.Errorf("storing a signal anew: %w", err)
	}
	s := &sharing{x: x, t: t, siblings: siblings, known: map[string]bool{string(p.row.Key): true}}
	result, err := s.place(a, p, p.draft.Programs, audit.Share)
	if err != nil {
		return result, err
	}
	return result, s.flush()
}

// clear takes the member's opinion back because it looked again and found nothing wrong.
// Whoever was ever sent the earlier opinion gets a correction, and what is said instead is
// a signal of its own: an opinion that was only amended would leave what was done because
// of it standing.
func (x *Exchange) clear(t *txn, a policy.Actor, p *prepared, row store.SignalRow) (lantern.ShareResult, error) {
	if _, err := x.fell(t, fall{row: row, by: a, kind: lantern.CorrectionCleared, reason: string(lantern.CorrectionCleared)}); err != nil {
		return lantern.ShareResult{}, err
	}
	p.row.State = lantern.Active // what clears needs no second person
	result, err := x.shareAnew(t, a, p, row)
	if err == nil {
		result.Status = lantern.Cleared
	}
	return result, err
}

// amend changes the member's opinion, or adds programs. The expiry is never prolonged;
// a stricter program among the added ones shortens it.
func (x *Exchange) amend(t *txn, a policy.Actor, p *prepared, row store.SignalRow, have []store.Placement, missing []lantern.ID) (lantern.ShareResult, error) {
	record, err := x.Sealer.OpenRecord(t.ctx, row.Wrapped)
	if err != nil {
		return lantern.ShareResult{}, fmt.Errorf("opening the key of signal %s: %w", row.ID, err)
	}
	fresh := p.row
	p.row = row
	p.row.Status, p.row.Imminent, p.row.Opinion, p.row.Content, p.row.Updated = fresh.Status, fresh.Imminent, fresh.Opinion, fresh.Content, t.now
	out, err := completes(row, fresh)
	if err != nil {
		return lantern.ShareResult{}, err
	}
	if out {
		p.row.State = lantern.Active
	}
	p.record = record
	if len(missing) > 0 && fresh.Expires.Before(row.Expires) {
		p.row.Expires = fresh.Expires
	}
	if p.row.Note, err = x.sealNote(record, row.ID, p.draft.Note); err != nil {
		return lantern.ShareResult{}, err
	}
	// Moved first: at its old place it may not have been active for whoever read there.
	if err := movePlacements(t, have); err != nil {
		return lantern.ShareResult{}, err
	}
	if err := store.UpdateSignal(t.ctx, t.writing(), p.row); err != nil {
		return lantern.ShareResult{}, fmt.Errorf("amending a signal: %w", err)
	}
	if err := settleWrongTags(t, row, p.draft.Tags); err != nil {
		return lantern.ShareResult{}, err
	}
	if !row.Imminent || out {
		t.tellImminent(p.row, nil)
	} else if len(missing) > 0 {
		t.tellImminent(p.row, missing)
	}
	if err := store.DropNarrowed(t.ctx, t.writing(), row.ID, missing); err != nil {
		return lantern.ShareResult{}, fmt.Errorf("placing a signal again: %w", err)
	}
	s := &sharing{x: x, t: t, known: map[string]bool{string(row.Key): true}}
	if s.siblings, err = store.SiblingsOn(t.ctx, t.Tx, row.Key); err != nil {
		return lantern.ShareResult{}, err
	}
	result, err := s.place(a, p, missing, audit.Amend)
	if err != nil {
		return result, err
	}
	if err := s.flush(); err != nil {
		return result, err
	}
	return result, settleSiblings(t, []store.SignalRow{row}, have)
}

// settleWrongTags clears what others said of tags that are no longer those.
func settleWrongTags(t *txn, old store.SignalRow, tags []lantern.Tag) error {
	was, err := opinion(old)
	if err != nil || slices.Equal(slices.Sorted(slices.Values(was.Tags)), slices.Sorted(slices.Values(tags))) {
		return err
	}
	if err := store.SettleFeedback(t.ctx, t.writing(), old.ID, lantern.WrongTags); err != nil {
		return fmt.Errorf("clearing reactions: %w", err)
	}
	return nil
}
