package completion_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"lantern/internal/completion"
)

// grammar is a small command line with one of each.
type grammar struct {
	Output string `short:"o" enum:",table,json" default:"" help:"How it's shown."`
	Share  struct {
		File string `arg:""`
	} `cmd:"" help:"Share."`
	Signals struct {
		List struct {
			State string `enum:"active,held" default:"active"`
		} `cmd:"" help:"List."`
		Get struct{} `cmd:"" help:"Get."`
	} `cmd:"" help:"Look after signals."`
	Shell struct {
		Name string `arg:"" enum:"bash,zsh"`
	} `cmd:"" help:"Print."`
	Secret struct{} `cmd:"" hidden:""`
}

func model(t *testing.T) *kong.Application {
	t.Helper()
	k, err := kong.New(&grammar{}, kong.Name("lantern"))
	if err != nil {
		t.Fatal(err)
	}
	return k.Model
}

// The script is run by a real bash, and asked what it would offer.
func TestBash(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash on this machine")
	}
	script := filepath.Join(t.TempDir(), "lantern.bash")
	if err := os.WriteFile(script, []byte(completion.Script("bash", model(t))), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ typed, want string }{
		{"lantern ", "share signals shell --help --output"},
		{"lantern s", "share signals shell"},
		{"lantern signals ", "list get --help --output"},
		{"lantern signals list --st", "--state"},
		{"lantern signals list --state ", "active held"},
		{"lantern --output ", "table json"},
		{"lantern --output json sig", "signals"},
		{"lantern shell ", "--help --output bash zsh"},
		{"lantern share ", "--help --output"},
		{"lantern nonsense --", "--help --output"},
	} {
		words := strings.Split(tt.typed, " ")
		cmd := exec.Command(bash, "--norc", "-c",
			`. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lantern; echo "${COMPREPLY[*]}"`, "bash", script)
		cmd.Args = append(cmd.Args, words...)
		out, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != tt.want {
			t.Errorf("%q: offers %q, %v, want %q", tt.typed, got, err, tt.want)
		}
	}
}

func TestOtherShells(t *testing.T) {
	t.Parallel()
	for shell, want := range map[string][]string{
		"zsh":  {"#compdef lantern", `"lantern signals:"*) offer="list get --help --output" ;;`, `"lantern:--output") offer="table json" ;;`},
		"fish": {`complete -c lantern -n '__lantern_at lantern/signals' -f -a list -d 'List.'`, `-l output -x -a 'table json' -d 'How it\'s shown.'`},
		"ksh":  nil,
	} {
		got := completion.Script(shell, model(t))
		if want == nil && got != "" {
			t.Errorf("%s: got a script", shell)
		}
		for _, line := range want {
			if !strings.Contains(got, line) {
				t.Errorf("%s: no %q in\n%s", shell, line, got)
			}
		}
		if strings.Contains(got, "secret") {
			t.Errorf("%s: offers a hidden command", shell)
		}
	}
}
