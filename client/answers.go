package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/klauspost/compress/zstd"
)

// answers sends req and calls emit for each line of the answer.
func answers[T any](ctx context.Context, c *Client, req request, sent io.Reader, emit func(T) error) error {
	res, err := c.conn.open(ctx, req, sent)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var body io.Reader = res.Body
	if res.Header.Get("Content-Encoding") == "zstd" {
		unpacked, err := zstd.NewReader(res.Body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			return req.failed(errMalformed)
		}
		defer unpacked.Close()
		body = unpacked
	}
	in, long := bufio.NewReaderSize(body, 64<<10), new([]byte)
	for {
		line, err := readLine(in, long)
		switch {
		case err == nil || errors.Is(err, io.EOF):
		case ctx.Err() != nil:
			return req.failed(ctx.Err())
		default: // before the line, which may be cut off
			return req.failed(c.conn.unreachable(err))
		}
		if len(bytes.TrimSpace(line)) > 0 {
			var item T
			if decodeLine(line, &item) != nil {
				return req.failed(errMalformed)
			}
			if err := emit(item); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
	}
}

// decodeLine decodes a line of an answer.
func decodeLine(line []byte, into any) error { return json.Unmarshal(line, into) }

// readLine reads up to the end of a line. What it returns is good until the next call; long is
// where a line lies that does not fit in's room.
func readLine(in *bufio.Reader, long *[]byte) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	*long = (*long)[:0]
	for errors.Is(err, bufio.ErrBufferFull) {
		*long = append(*long, line...)
		line, err = in.ReadSlice('\n')
	}
	*long = append(*long, line...)
	return *long, err
}
