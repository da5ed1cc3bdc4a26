package web

import (
	"context"
	"net/http"
)

// Live answers GET /livez: the process runs.
func Live(w http.ResponseWriter, r *http.Request) error {
	WriteBytes(w, http.StatusOK, "text/plain; charset=utf-8", []byte("ok\n"))
	return nil
}

// Ready answers GET /readyz: "ok", or the error of check, which should be an
// [*lantern.Error] of kind Unavailable that lists the reasons.
func Ready(check func(context.Context) error) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := check(r.Context()); err != nil {
			return err
		}
		return Live(w, r)
	}
}
