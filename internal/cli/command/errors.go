package command

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"

	"lantern"
	"lantern/internal/display"
)

// failure is an error with advice and an exit code of its own.
type failure struct {
	err  error
	hint string
	code int
}

func (f *failure) Error() string { return f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

// Misuse says that the command line or the configuration is wrong.
func Misuse(hint, format string, args ...any) error {
	return &failure{err: fmt.Errorf(format, args...), hint: hint, code: ExitMisuse}
}

// Failed says that the work could not be done, with advice.
func Failed(hint, format string, args ...any) error {
	return &failure{err: fmt.Errorf(format, args...), hint: hint, code: ExitFailed}
}

// AsMisuse turns an error of the parser into a misuse that names the help to read.
func AsMisuse(err error) error {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	hint := "lantern --help lists the commands"
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if node := parse.Context.Selected(); node != nil {
			hint = node.FullPath() + " --help shows how to use it"
		}
	}
	return &failure{err: err, hint: hint, code: ExitMisuse}
}

// Report prints err as a person reads it and returns the exit code.
func Report(w io.Writer, err error) int {
	if err == nil {
		return ExitOK
	}
	say := func(word, text string) {
		if text != "" {
			fmt.Fprintf(w, "lantern: %s: %s\n", word, display.Clean(text))
		}
	}
	code, hint := ExitFailed, ""
	var f *failure
	if errors.As(err, &f) {
		code, hint = f.code, f.hint
	}
	var le *lantern.Error
	if errors.As(err, &le) {
		fix := *le
		fix.Fix, fix.Also = "", nil
		say("error", fix.Error())
		say("hint", le.Fix)
		for _, also := range le.Also {
			rest := *also
			rest.Fix = ""
			say("error", rest.Error())
			say("hint", also.Fix)
		}
		if hint == "" && le.Fix == "" {
			hint = kindHint(le.Kind)
		}
	} else {
		say("error", err.Error())
	}
	if hint == "" && errors.Is(err, context.DeadlineExceeded) {
		hint = "the other side did not answer in time; try again"
	}
	say("hint", hint)
	return code
}

// kindHint is the advice for an error that brought none.
func kindHint(k lantern.Kind) string {
	switch k {
	case lantern.Unauthorized:
		return "check --key-file (or LANTERN_KEY_FILE): the key may be expired, revoked or of another exchange"
	case lantern.Forbidden:
		return "lantern whoami shows what this key may do"
	case lantern.Unavailable:
		return "check that it runs and that the address is right, then try again"
	case lantern.RateLimited:
		return "wait a little and try again"
	}
	return ""
}
