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
func (t *postgresTx) insert(ctx context.Context, in insertion) (int64, []int64, error) {
	arrays, fit := in.arrays()
	if in.rows() <= fewRows || !fit {
		return t.insertFew(ctx, in)
	}
	var n int64
	var returned []int64
	err := t.conn.Raw(func(raw any) (err error) {
		conn := raw.(*stdlib.Conn).Conn()
		if in.suffix == "" && in.returning == "" {
			width := len(in.columns)
			n, err = conn.CopyFrom(ctx, pgx.Identifier{in.table}, in.columns, pgx.CopyFromSlice(in.rows(),
				func(i int) ([]any, error) { return in.values[i*width : (i+1)*width], nil }))
			return err
		}
		n, returned, err = runInsert(ctx, conn, in, in.unnest(arrays), arrays)
		return err
	})
	return n, returned, err
}

// insertFew inserts with a placeholder for each value.
func (t *postgresTx) insertFew(ctx context.Context, in insertion) (total int64, returned []int64, err error) {
	width := len(in.columns)
	for done := 0; done < in.rows(); {
		n := chunk(in.rows() - done)
		err := t.conn.Raw(func(raw any) error {
			affected, ids, err := runInsert(ctx, raw.(*stdlib.Conn).Conn(), in, in.text(n, dollar), in.values[done*width:(done+n)*width])
			total, returned = total+affected, append(returned, ids...)
			return err
		})
		if err != nil {
			return total, returned, err
		}
		done += n
	}
	return total, returned, nil
}

// runInsert runs one insert statement.
func runInsert(ctx context.Context, conn *pgx.Conn, in insertion, text string, args []any) (int64, []int64, error) {
	if in.returning == "" {
		tag, err := conn.Exec(ctx, text, args...)
		return tag.RowsAffected(), nil, err
	}
	rows, err := conn.Query(ctx, text, args...)
	if err != nil {
		return 0, nil, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	return int64(len(ids)), ids, err
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
	return "INSERT INTO " + in.table + " (" + names + ") SELECT " + names + " FROM unnest(" + strings.Join(params, ", ") + ") AS u (" + names + ") WHERE TRUE" + in.tail()
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
