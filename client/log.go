package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"lantern"
	"lantern/audit"
)

// Checkpoint returns the newest signed head of the log; open it with
// [audit.OpenCheckpoint].
func (c *Client) Checkpoint(ctx context.Context) ([]byte, error) {
	return c.raw(ctx, "/v1/log/checkpoint")
}

// LogKey returns the key that verifies checkpoints. Compare it with one from elsewhere
// once: whoever runs the exchange could lie about both.
func (c *Client) LogKey(ctx context.Context) (string, error) {
	b, err := c.raw(ctx, "/v1/log/key")
	for len(b) > 0 && b[len(b)-1] == '\n' {
		b = b[:len(b)-1]
	}
	return string(b), err
}

// Tile returns a tile of the log or a bundle of its entries; path is what
// [audit.TilePath] or [audit.EntriesPath] made.
func (c *Client) Tile(ctx context.Context, path string) ([]byte, error) {
	return c.raw(ctx, "/v1/log/"+path)
}

// Receipt returns the proof that a log entry is part of the log, for [audit.VerifyProof].
func (c *Client) Receipt(ctx context.Context, leaf int64) ([]byte, error) {
	return c.raw(ctx, "/v1/log/receipt/"+strconv.FormatInt(leaf, 10))
}

// Consistency returns the proof that the log of size from is the beginning of the log of
// size to, for [audit.VerifyConsistency].
func (c *Client) Consistency(ctx context.Context, from, to int64) ([]audit.Hash, error) {
	q := url.Values{"from": {strconv.FormatInt(from, 10)}, "to": {strconv.FormatInt(to, 10)}}
	answer, err := get[struct {
		Hashes []audit.Hash `json:"hashes"`
	}](ctx, c, "/v1/log/consistency", q)
	return answer.Hashes, err
}

// Opening returns the record behind a log entry, as far as the caller may see it.
func (c *Client) Opening(ctx context.Context, leaf int64) (lantern.Opening, error) {
	return get[lantern.Opening](ctx, c, "/v1/log/opening/"+strconv.FormatInt(leaf, 10), nil)
}

// AcceptRestore owns up to the loss of what the log had beyond a backup, and lets the
// exchange go on (steward).
func (c *Client) AcceptRestore(ctx context.Context, r lantern.Restore) (lantern.Restore, error) {
	return post[lantern.Restore](ctx, c, "/v1/restores", r)
}

// Restores lists the accepted returns to a backup, oldest first.
func (c *Client) Restores(ctx context.Context) ([]lantern.Restore, error) {
	return list[lantern.Restore](ctx, c, "/v1/restores", nil)
}

func (c *Client) raw(ctx context.Context, path string) ([]byte, error) {
	return c.conn.do(ctx, request{method: http.MethodGet, path: path})
}
