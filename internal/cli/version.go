package cli

import (
	"runtime"
	"runtime/debug"

	"lantern/internal/cli/command"
	"lantern/internal/display"
)

type versionCmd struct{}

// build says what this binary was built from.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Go       string `json:"go"`
	System   string `json:"system"`
}

func (versionCmd) Run(a *command.App) error {
	b := build{Version: "devel", Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; v != "" && v != "(devel)" {
			b.Version = v
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Revision = s.Value
			}
		}
	}
	return display.One(a.Printer, b,
		display.Col("version", func(b build) string { return b.Version }),
		display.Col("revision", func(b build) string { return b.Revision }),
		display.Col("go", func(b build) string { return b.Go }),
		display.Col("system", func(b build) string { return b.System }),
	)
}
