package sqldb

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// fewRows is how many rows go as plain placeholders on PostgreSQL.
const fewRows = 16

// insert sends many rows by COPY or, if a conflict must be minded, as one array a column,
// which the server takes apart: a placeholder for each value costs it several times more.
func (t *postgresTx) insert(ctx context.Context, in insertion) (n int64, err error) {
	width := len(in.columns)
	err = t.conn.Raw(func(raw any) (err error) {
		conn := raw.(*stdlib.Conn).Conn()
		if in.rows() > fewRows && in.suffix == "" {
			n, err = conn.CopyFrom(ctx, pgx.Identifier{in.table}, in.columns, pgx.CopyFromSlice(in.rows(),
				func(i int) ([]any, error) { return in.values[i*width : (i+1)*width], nil }))
			return err
		}
		if arrays, fit := in.arrays(); fit && in.rows() > fewRows {
			tag, err := conn.Exec(ctx, in.unnest(arrays), arrays...)
			n = tag.RowsAffected()
			return err
		}
		for done := 0; done < in.rows(); {
			rows := chunk(in.rows() - done)
			tag, err := conn.Exec(ctx, in.text(rows, dollar), in.values[done*width:(done+rows)*width]...)
			if err != nil {
				return err
			}
			n += tag.RowsAffected()
			done += rows
		}
		return nil
	})
	return n, err
}

// arrays turns rows into one slice a column, unless a column mixes types or holds nulls
// of a type whose slice cannot.
func (in insertion) arrays() ([]any, bool) {
	width := len(in.columns)
	arrays := make([]any, width)
	for c := range width {
		ok := false
		switch in.values[c].(type) {
		case int64:
			arrays[c], ok = column[int64](in.values[c:], width)
		case string:
			arrays[c], ok = column[string](in.values[c:], width)
		case bool:
			arrays[c], ok = column[bool](in.values[c:], width)
		case []byte, nil:
			arrays[c], ok = column[[]byte](in.values[c:], width)
		}
		if !ok {
			return nil, false
		}
	}
	return arrays, true
}

// column gathers every width-th value. Only a []byte may be null.
func column[T any](values []any, width int) (any, bool) {
	list := make([]T, 0, len(values)/width+1)
	for i := 0; i < len(values); i += width {
		v, ok := values[i].(T)
		if _, bytes := any(list).([][]byte); !ok && (values[i] != nil || !bytes) {
			return nil, false
		}
		list = append(list, v)
	}
	return list, true
}

// unnest writes the insert of one array a column.
func (in insertion) unnest(arrays []any) string {
	params := make([]string, len(arrays))
	for i, a := range arrays {
		params[i] = fmt.Sprintf("$%d::%s[]", i+1, elementType(a))
	}
	names := strings.Join(in.columns, ", ")
	return "INSERT INTO " + in.table + " (" + names + ") SELECT " + names + " FROM unnest(" + strings.Join(params, ", ") + ") AS u (" + names + ") WHERE TRUE " + in.suffix
}

// elementType names PostgreSQL's type of a slice's elements.
func elementType(slice any) string {
	switch slice.(type) {
	case []int64:
		return "bigint"
	case []string:
		return "text"
	case []bool:
		return "boolean"
	}
	return "bytea"
}
