package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"lantern/audit"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/pending"
)

// LogTrust is what a checker of the log brings along: whose signature to accept and the
// newest checkpoint seen so far.
type LogTrust struct {
	LogKey string `key:"log-key" type:"path" placeholder:"FILE" help:"File with the log's verifier key, from a source you trust. Default: the one the exchange gives, which could lie."`
	Seen   string `key:"seen" type:"path" placeholder:"FILE" help:"The newest checkpoint seen so far; an older or forked log is refused, and the file kept up to date."`
}

// verifierKey reads the log's key, from the file or else from the exchange.
func (t *LogTrust) verifierKey(ctx context.Context, a *command.App, x *client.Client) (string, error) {
	if t.LogKey != "" {
		b, err := command.ReadSmall(t.LogKey)
		if err != nil {
			return "", command.Misuse("", "the log's key: %w", err)
		}
		return strings.TrimSpace(string(b)), nil
	}
	if x == nil {
		return "", command.Misuse("lantern audit download saves it as key beside the log; compare it with one from elsewhere", "--log-key is needed")
	}
	key, err := x.LogKey(ctx)
	if err == nil {
		a.Note("the exchange says its log key is %s; compare it with one from elsewhere, save it and use --log-key", key)
	}
	return key, err
}

// seen opens the newest checkpoint seen, nil if there is none yet.
func (t *LogTrust) seen(key string) (*audit.Checkpoint, error) {
	if t.Seen == "" {
		return nil, nil
	}
	note, err := command.ReadSmall(t.Seen)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, command.Misuse("", "%w", err)
	}
	c, err := audit.OpenCheckpoint(note, key)
	if err != nil {
		return nil, command.Failed("it must be a checkpoint of this log, signed with this key", "%s: %w", t.Seen, err)
	}
	return &c, nil
}

// remember keeps a checkpoint that was found to continue the one seen before.
func (t *LogTrust) remember(note []byte, c audit.Checkpoint, before *audit.Checkpoint) error {
	if t.Seen == "" || before != nil && before.Size >= c.Size {
		return nil
	}
	return pending.Replace(t.Seen, note)
}

// advance checks that the log's newest checkpoint continues the one seen, and remembers
// it. It returns the two.
func (t *LogTrust) advance(ctx context.Context, a *command.App, x *client.Client) (before *audit.Checkpoint, head audit.Checkpoint, key string, err error) {
	if key, err = t.verifierKey(ctx, a, x); err != nil {
		return nil, head, "", err
	}
	if before, err = t.seen(key); err != nil {
		return nil, head, "", err
	}
	note, err := x.Checkpoint(ctx)
	if err != nil {
		return nil, head, "", err
	}
	if head, err = audit.OpenCheckpoint(note, key); err != nil {
		return nil, head, "", fmt.Errorf("the exchange's checkpoint: %w", err)
	}
	if before != nil {
		if err = continues(ctx, x, *before, head); err != nil {
			return nil, head, "", blame(err)
		}
	}
	return before, head, key, t.remember(note, head, before)
}

// continues checks that old is the beginning of head's tree.
func continues(ctx context.Context, x *client.Client, old, head audit.Checkpoint) error {
	var proof []audit.Hash
	if old.Size > 0 && old.Size < head.Size {
		var err error
		if proof, err = x.Consistency(ctx, old.Size, head.Size); err != nil {
			return err
		}
	}
	return audit.VerifyConsistency(proof, old.Size, old.Root, head.Size, head.Root)
}

// blame adds what to do about a log that contradicts itself.
func blame(err error) error {
	if errors.Is(err, audit.ErrOlder) || errors.Is(err, audit.ErrForked) {
		return command.Failed("keep the log and the checkpoint you had seen: together they are evidence; ask the operator and other members which one they see", "%w", err)
	}
	return err
}
