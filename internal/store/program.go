package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

const programColumns = `g.id, g.name, g.purpose, g.policy, g.created_at`

func scanProgram(s scanner) (p lantern.Program, err error) {
	var rules string
	var created int64
	if err = s.Scan(&p.ID, &p.Name, &p.Purpose, &rules, &created); err != nil {
		return p, err
	}
	p.Created = fromMicros(created)
	return p, json.Unmarshal([]byte(rules), &p.Policy)
}

// InsertProgram stores a new program and its feed head.
func InsertProgram(ctx context.Context, tx *sqldb.Tx, p lantern.Program) error {
	rules, err := json.Marshal(p.Policy)
	if err != nil {
		return fmt.Errorf("encoding a policy: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO program (id, name, purpose, policy, created_at) VALUES ($1, $2, $3, $4, $5)`,
		p.ID, p.Name, p.Purpose, string(rules), micros(p.Created)); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO program_head (program_id, seq, last_at, horizon) VALUES ($1, 0, 0, 0)`, p.ID)
	return err
}

// SetPolicy replaces a program's policy.
func SetPolicy(ctx context.Context, tx *sqldb.Tx, p lantern.Program) error {
	rules, err := json.Marshal(p.Policy)
	if err != nil {
		return fmt.Errorf("encoding a policy: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE program SET policy = $2 WHERE id = $1`, p.ID, string(rules))
	return err
}

// Program reads one program.
func Program(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (lantern.Program, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT `+programColumns+` FROM program g WHERE g.id = $1`, id), "a program", scanProgram)
}

// Programs reads the programs a member is in, oldest first; all programs with member 0.
func Programs(ctx context.Context, tx *sqldb.Tx, member lantern.ID) ([]lantern.Program, error) {
	rows, err := tx.Query(ctx, `SELECT `+programColumns+` FROM program g
		WHERE EXISTS (SELECT 1 FROM membership b WHERE b.program_id = g.id AND b.member_id = $1 AND b.left_at = 0) OR $1 = 0
		ORDER BY g.created_at, g.id`, member)
	return all(rows, err, "programs", scanProgram)
}

// Membership is a member's place in a program with what the feed needs to know.
type Membership struct {
	lantern.Membership
	Epoch int64
	Left  time.Time
}

const membershipColumns = `b.program_id, b.member_id, b.direction, b.epoch, b.joined_at, b.left_at`

func scanMembership(s scanner) (m Membership, err error) {
	var joined, left int64
	err = s.Scan(&m.Program, &m.Member, &m.Direction, &m.Epoch, &joined, &left)
	m.Joined, m.Left = fromMicros(joined), fromMicros(left)
	return m, err
}

// ReadMembership reads a member's place in a program, a past one too.
func ReadMembership(ctx context.Context, tx *sqldb.Tx, program, member lantern.ID) (Membership, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT `+membershipColumns+` FROM membership b WHERE b.program_id = $1 AND b.member_id = $2`,
		program, member), "a membership", scanMembership)
}

// Memberships reads a program's present members, oldest first.
func Memberships(ctx context.Context, tx *sqldb.Tx, program lantern.ID) ([]Membership, error) {
	rows, err := tx.Query(ctx, `SELECT `+membershipColumns+` FROM membership b
		WHERE b.program_id = $1 AND b.left_at = 0 ORDER BY b.joined_at, b.member_id`, program)
	return all(rows, err, "memberships", scanMembership)
}

// PutMembership stores a membership as it stands.
func PutMembership(ctx context.Context, tx *sqldb.Tx, m Membership) error {
	_, err := tx.Exec(ctx, `INSERT INTO membership (program_id, member_id, direction, epoch, joined_at, left_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (program_id, member_id) DO UPDATE SET
		direction = excluded.direction, epoch = excluded.epoch, joined_at = excluded.joined_at, left_at = excluded.left_at`,
		m.Program, m.Member, string(m.Direction), m.Epoch, micros(m.Joined), micros(m.Left))
	return err
}

// BumpEpochs makes every cursor of a member useless: what it may see changed.
func BumpEpochs(ctx context.Context, tx *sqldb.Tx, member lantern.ID) error {
	_, err := tx.Exec(ctx, `UPDATE membership SET epoch = epoch + 1 WHERE member_id = $1`, member)
	return err
}

// BumpProgramEpochs does the same for every member of a program.
func BumpProgramEpochs(ctx context.Context, tx *sqldb.Tx, program lantern.ID) error {
	_, err := tx.Exec(ctx, `UPDATE membership SET epoch = epoch + 1 WHERE program_id = $1`, program)
	return err
}

// Head is the head of a program's feed.
type Head struct {
	Program lantern.ID
	Seq     int64
	Last    time.Time // time of the last change
	Horizon int64     // a cursor below it must resync
}

func scanHead(s scanner) (h Head, err error) {
	var last int64
	err = s.Scan(&h.Program, &h.Seq, &last, &h.Horizon)
	h.Last = fromMicros(last)
	return h, err
}

// ReadHead reads a program's head and, in a writing transaction, locks it.
func ReadHead(ctx context.Context, tx *sqldb.Tx, program lantern.ID, lock bool) (Head, bool, error) {
	q := `SELECT program_id, seq, last_at, horizon FROM program_head WHERE program_id = $1`
	if lock {
		q += tx.Lock()
	}
	return one(tx.QueryRow(ctx, q, program), "a feed head", scanHead)
}

// Heads reads every program's head.
func Heads(ctx context.Context, tx *sqldb.Tx) ([]Head, error) {
	rows, err := tx.Query(ctx, `SELECT program_id, seq, last_at, horizon FROM program_head`)
	return all(rows, err, "feed heads", scanHead)
}

// PutHead writes a head back.
func PutHead(ctx context.Context, tx *sqldb.Tx, h Head) error {
	_, err := tx.Exec(ctx, `UPDATE program_head SET seq = $2, last_at = $3, horizon = $4 WHERE program_id = $1`,
		h.Program, h.Seq, micros(h.Last), h.Horizon)
	return err
}
