package exchange

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"

	"lantern"
	"lantern/internal/store"
)

// The ids of signals. Random ids would scatter what is stored under them over every page
// of every index, and writing those pages would cost more than all the rest of a share.
// So an id is a block's number with a place in the block, and both rise:
//
//	seconds since 2020: 32 bits │ random: 15 bits │ place in the block, in random steps: 16 bits
//
// A process takes a block in a transaction, above every block taken before it, so no two
// processes have the same. A database that went back to a backup has forgotten the newest
// blocks; the time that passed since keeps it from giving their ids again, and within one
// second the random part does. An id tells
// about when a signal was made and, as the size of the log does, roughly how many were.
const (
	blockBits  = 16
	blockNoise = 15
	idStep     = 4 // places between two ids: 1 to 4
)

var idEpoch = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// idBlock hands out ids of the block this process holds.
type idBlock struct {
	mu        sync.Mutex
	next, end lantern.ID // guarded by mu
}

// take returns the next id, or 0 if the block is used up.
func (b *idBlock) take(step byte) lantern.ID {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next += 1 + lantern.ID(step%idStep)
	if b.next >= b.end {
		return 0
	}
	return b.next
}

// renew begins a block.
func (b *idBlock) renew(number int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	// Of two callers that found the block used up, the second one's is the later.
	b.next, b.end = lantern.ID(number<<blockBits), lantern.ID((number+1)<<blockBits)
}

// signalID gives a signal its id. It waits for a transaction when a block is used up, once
// in some 25,000 signals.
func (x *Exchange) signalID(ctx context.Context, random io.ByteReader) (lantern.ID, error) {
	for {
		step, err := random.ReadByte()
		if err != nil {
			return 0, fmt.Errorf("drawing an id: %w", err)
		}
		if id := x.ids.take(step); id != 0 {
			return id, nil
		}
		if err := x.takeBlock(ctx); err != nil {
			return 0, err
		}
	}
}

// takeBlock takes a block of ids for this process.
func (x *Exchange) takeBlock(ctx context.Context) error {
	var noise [2]byte
	if _, err := io.ReadFull(x.Random, noise[:]); err != nil {
		return fmt.Errorf("drawing an id: %w", err)
	}
	var number int64
	err := x.write(ctx, func(t *txn) error {
		last, err := store.LastIDBlock(t.ctx, t.Tx)
		if err != nil {
			return err
		}
		random := int64(binary.BigEndian.Uint16(noise[:]) >> 1)
		if number = int64(t.now.Sub(idEpoch)/time.Second)<<blockNoise | random; number <= last {
			number = last + 1 + random // and not simply the next one: see above
		}
		return store.PutIDBlock(t.ctx, t.writing(), number)
	})
	if err == nil {
		x.ids.renew(number)
	}
	return err
}
