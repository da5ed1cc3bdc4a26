package cli

import (
	"reflect"
	"strings"
	"testing"

	"lantern"
)

func TestWebhooksTakeEveryEvent(t *testing.T) {
	t.Parallel()
	field, ok := reflect.TypeFor[webhookAdd]().FieldByName("Event")
	if !ok {
		t.Fatal("webhook add has no field Event")
	}
	var want []string
	for _, e := range lantern.EventTypes() {
		want = append(want, string(e))
	}
	if got := field.Tag.Get("enum"); got != strings.Join(want, ",") {
		t.Errorf("--event takes %s, want %s", got, strings.Join(want, ","))
	}
	if help := field.Tag.Get("help"); !strings.Contains(help, strings.Join(want, ", ")) {
		t.Errorf("--event names in its help: %s", help)
	}
}
