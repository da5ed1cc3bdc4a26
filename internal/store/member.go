package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"lantern"
	"lantern/internal/sqldb"
)

// scanner is a row or the current row of a result.
type scanner interface{ Scan(dest ...any) error }

// one runs scan on a row and turns "no rows" into ok=false.
func one[T any](row *sql.Row, what string, scan func(scanner) (T, error)) (T, bool, error) {
	v, err := scan(row)
	if errors.Is(err, sql.ErrNoRows) {
		return v, false, nil
	}
	if err != nil {
		return v, false, fmt.Errorf("reading %s: %w", what, err)
	}
	return v, true, nil
}

// all collects the rows of a query.
func all[T any](rows *sql.Rows, err error, what string, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", what, err)
	}
	defer rows.Close()
	list := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", what, err)
		}
		list = append(list, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", what, err)
	}
	return list, nil
}

const memberColumns = `m.id, m.name, m.kind, m.state, m.created_at`

func scanMember(s scanner) (m lantern.Member, err error) {
	var created int64
	err = s.Scan(&m.ID, &m.Name, &m.Kind, &m.State, &created)
	m.Created = fromMicros(created)
	return m, err
}

// InsertMember stores a new member.
func InsertMember(ctx context.Context, tx *sqldb.Tx, m lantern.Member) error {
	_, err := tx.Exec(ctx, `INSERT INTO member (id, name, kind, state, created_at) VALUES ($1, $2, $3, $4, $5)`,
		m.ID, m.Name, string(m.Kind), string(m.State), micros(m.Created))
	return err
}

// Member reads one member.
func Member(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (lantern.Member, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT `+memberColumns+` FROM member m WHERE m.id = $1`, id), "a member", scanMember)
}

// Members reads all members, oldest first.
func Members(ctx context.Context, tx *sqldb.Tx) ([]lantern.Member, error) {
	rows, err := tx.Query(ctx, `SELECT `+memberColumns+` FROM member m ORDER BY m.created_at, m.id`)
	return all(rows, err, "members", scanMember)
}

// SetMemberState moves a member.
func SetMemberState(ctx context.Context, tx *sqldb.Tx, id lantern.ID, state lantern.MemberState) error {
	_, err := tx.Exec(ctx, `UPDATE member SET state = $2 WHERE id = $1`, id, string(state))
	return err
}

const personColumns = `p.id, p.member_id, p.label, p.roles, p.trained_until, p.created_at`

func scanPerson(s scanner) (p lantern.Person, err error) {
	var roles string
	var trained, created int64
	err = s.Scan(&p.ID, &p.Member, &p.Label, &roles, &trained, &created)
	p.Roles, p.Trained, p.Created = fromWords[lantern.PersonRole](roles), fromMicros(trained), fromMicros(created)
	return p, err
}

// InsertPerson stores a new person.
func InsertPerson(ctx context.Context, tx *sqldb.Tx, p lantern.Person) error {
	_, err := tx.Exec(ctx, `INSERT INTO person (id, member_id, label, roles, trained_until, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		p.ID, p.Member, p.Label, words(p.Roles), micros(p.Trained), micros(p.Created))
	return err
}

// Person reads one person.
func Person(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (lantern.Person, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT `+personColumns+` FROM person p WHERE p.id = $1`, id), "a person", scanPerson)
}

// Persons reads a member's persons, oldest first; all members' with member 0.
func Persons(ctx context.Context, tx *sqldb.Tx, member lantern.ID) ([]lantern.Person, error) {
	rows, err := tx.Query(ctx, `SELECT `+personColumns+` FROM person p WHERE p.member_id = $1 OR $1 = 0 ORDER BY p.created_at, p.id`, member)
	return all(rows, err, "persons", scanPerson)
}

// SetTrained records until when a person's training is valid.
func SetTrained(ctx context.Context, tx *sqldb.Tx, p lantern.Person) error {
	_, err := tx.Exec(ctx, `UPDATE person SET trained_until = $2 WHERE id = $1`, p.ID, micros(p.Trained))
	return err
}

const serviceColumns = `s.id, s.member_id, s.name, s.responsible_id, s.created_at`

func scanService(s scanner) (v lantern.Service, err error) {
	var created int64
	err = s.Scan(&v.ID, &v.Member, &v.Name, &v.Responsible, &created)
	v.Created = fromMicros(created)
	return v, err
}

// InsertService stores a new service.
func InsertService(ctx context.Context, tx *sqldb.Tx, s lantern.Service) error {
	_, err := tx.Exec(ctx, `INSERT INTO service (id, member_id, name, responsible_id, created_at) VALUES ($1, $2, $3, $4, $5)`,
		s.ID, s.Member, s.Name, s.Responsible, micros(s.Created))
	return err
}

// Service reads one service.
func Service(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (lantern.Service, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT `+serviceColumns+` FROM service s WHERE s.id = $1`, id), "a service", scanService)
}

// Services reads a member's services, oldest first; all members' with member 0.
func Services(ctx context.Context, tx *sqldb.Tx, member lantern.ID) ([]lantern.Service, error) {
	rows, err := tx.Query(ctx, `SELECT `+serviceColumns+` FROM service s WHERE s.member_id = $1 OR $1 = 0 ORDER BY s.created_at, s.id`, member)
	return all(rows, err, "services", scanService)
}
