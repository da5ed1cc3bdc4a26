package cli

import (
	"strconv"

	"lantern"
	"lantern/internal/cli/command"
	"lantern/internal/display"
	"lantern/signal"
)

type typesCmd struct{}

// Run lists the types this binary knows: no exchange is asked.
func (typesCmd) Run(a *command.App) error {
	var infos []lantern.TypeInfo
	for _, t := range signal.Types() {
		infos = append(infos, t.Info())
	}
	return display.All(a.Printer, infos,
		display.Col("type", func(t lantern.TypeInfo) string { return string(t.Name) }),
		display.Col("summary", func(t lantern.TypeInfo) string { return t.Summary }),
		display.Col("compare", func(t lantern.TypeInfo) string { return t.Compare }),
		display.Col("personal", func(t lantern.TypeInfo) string { return display.Yes(t.Personal) }),
		display.Col("weak", func(t lantern.TypeInfo) string { return display.Yes(t.Weak) }),
		display.Col("days", func(t lantern.TypeInfo) string { return strconv.Itoa(int(t.Retention)) }),
		display.Col("at most", func(t lantern.TypeInfo) string { return strconv.Itoa(int(t.MaxRetention)) }),
		display.Col("example", func(t lantern.TypeInfo) string { return t.Example }),
	)
}
